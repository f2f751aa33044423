// Events by topic prefix, and one that waits for late subscribers: node examples/pubsub-wampy.mjs [url]
import WebSocket from 'ws';
import { Wampy } from 'wampy';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';

const url = process.argv[2] ?? 'ws://127.0.0.1:18080/ws';

const [sensor, display] = [await open(), await open()];

// Retained: whoever subscribes later gets the last one at once.
await sensor.publish('com.example.sensor.status', ['online'], { retain: true });

const threeEvents = new Promise((resolve) => {
  let count = 0;
  const show = ({ details, argsList }) => {
    console.log(details.topic, argsList[0], details.retained ? '(retained)' : '');
    if (++count === 3) resolve();
  };
  display.subscribe('com.example.sensor', show, { match: 'prefix', get_retained: true });
});
// Answered after the subscription above, so it is in place.
await display.call('wamp.session.count');

await sensor.publish('com.example.sensor.kitchen.temperature', [21.5]);
await sensor.publish('com.example.sensor.cellar.temperature', [12]);
await threeEvents;

await sensor.disconnect();
await display.disconnect();

async function open() {
  const serializer = new MsgpackSerializer();
  const client = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket,
    serializer,
    autoReconnect: false,
  });
  await client.connect();
  return client;
}
