// A call that answers bit by bit, and one that is cancelled half way: node examples/progressive-results.mjs [url]
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { Wampy } from 'wampy';

const url = process.argv[2] ?? 'ws://127.0.0.1:18080/ws';

const [backend, frontend] = [await open(), await open()];

await backend.register('com.example.countdown', async ({ argsList: [from], result_handler }) => {
  for (let count = from; count > 0; count--) {
    result_handler({ argsList: [count], options: { progress: true } });
    await setTimeout(100);
  }
  return { argsList: ['lift-off'] };
});

console.log('all of it:');
const { argsList } = await frontend.call('com.example.countdown', [3], {
  progress_callback: ({ argsList: [count] }) => console.log(count),
});
console.log(argsList[0]);

console.log('half of it:');
const half = frontend.call('com.example.countdown', [3], {
  progress_callback: ({ argsList: [count] }) => {
    console.log(count);
    // The router answers at once, and drops what the backend still has to say.
    if (count === 2) frontend.cancel(request, { mode: 'skip' });
  },
});
const request = frontend.getOpStatus().reqId;
await half.catch((error) => console.log('cancelled:', error.errorUri));

await frontend.disconnect();
await backend.disconnect();

async function open() {
  const client = new Wampy(url, { realm: 'realm1', ws: WebSocket });
  await client.connect();
  return client;
}
