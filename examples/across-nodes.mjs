// A callee on one node, a caller on another: node across-nodes.mjs ws://127.0.0.1:18080/ws ws://127.0.0.1:22080/ws
import autobahn from 'autobahn';

const [here = 'ws://127.0.0.1:18080/ws', there = 'ws://127.0.0.1:22080/ws'] = process.argv.slice(2);

const join = (url) =>
  new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url, realm: 'realm1', max_retries: 0 });
    connection.onopen = (session) => resolve({ connection, session });
    connection.onclose = (reason, details) => {
      reject(new Error(`${url}: ${reason} ${details?.message ?? ''}`));
      return true; // do not try again
    };
    connection.open();
  });

const [callee, caller] = await Promise.all([join(here), join(there)]);
await callee.session.register('com.example.where', () => here);
console.log(`${there} says: the procedure is at`, await caller.session.call('com.example.where'));

await callee.session.subscribe('com.example.news', ([text]) => {
  console.log(`${here} heard: ${text}`);
  callee.connection.close();
  caller.connection.close();
});
caller.session.publish('com.example.news', [`hello from ${there}`]);
