// A procedure and its caller, in two sessions: node examples/rpc-autobahn.mjs [url]
import autobahn from 'autobahn';

const url = process.argv[2] ?? 'ws://127.0.0.1:18080/ws';

const [backend, frontend] = [await open(), await open()];

await backend.session.register('com.example.divide', ([dividend, divisor]) => {
  if (divisor === 0) throw new autobahn.Error('com.example.error.division_by_zero', [dividend]);
  return dividend / divisor;
});

console.log('84 / 2 =', await frontend.session.call('com.example.divide', [84, 2]));

try {
  await frontend.session.call('com.example.divide', [1, 0]);
} catch ({ error, args }) {
  console.log('1 / 0 fails with', error, args);
}

frontend.close();
backend.close();

function open() {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url, realm: 'realm1', max_retries: 0 });
    connection.onopen = (session) => resolve({ session, close: () => connection.close() });
    connection.onclose = (reason) => {
      reject(
        new Error(`cannot join realm1 at ${url}: ${reason}. Is the node running (npm start)?`),
      );
      return true;
    };
    connection.open();
  });
}
