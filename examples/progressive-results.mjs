// A call that answers bit by bit and is cancelled half way: node examples/progressive-results.mjs [url]
import autobahn from 'autobahn';

const url = process.argv[2] ?? 'ws://127.0.0.1:18080/ws';

const [backend, frontend] = [await open(), await open()];

await backend.session.register('com.example.countdown', ([from], _kwargs, { progress }) => {
  return new Promise((resolve) => {
    let count = from;
    const timer = setInterval(() => {
      if (count > 0) return progress([count--]);
      clearInterval(timer);
      resolve('lift-off');
    }, 100);
  });
});

await countdown(3, () => false);
// The router answers at once and lets the backend finish by itself.
await countdown(3, (count) => count === 2);

frontend.close();
backend.close();

async function countdown(from, isEnough) {
  const call = frontend.session.call(
    'com.example.countdown',
    [from],
    {},
    { receive_progress: true },
  );
  try {
    const result = await call.then(undefined, undefined, (count) => {
      console.log(count);
      if (isEnough(count)) call.cancel({ mode: 'skip' });
    });
    console.log(result);
  } catch (error) {
    console.log('cancelled:', error.error ?? error.message);
  }
}

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
