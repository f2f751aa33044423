// Events by topic prefix, from a publisher that says who it is: node examples/pubsub-wampy.mjs [url]
import WebSocket from 'ws';
import { Wampy } from 'wampy';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';

const url = process.argv[2] ?? 'ws://127.0.0.1:18080/ws';

const [sensor, display] = [await open(), await open()];

let seen = 0;
const bothRooms = new Promise((resolve, reject) => {
  const show = ({ details, argsList }) => {
    console.log(details.topic, argsList[0], 'from session', String(details.publisher));
    if (++seen === 2) resolve();
  };
  display.subscribe('com.example.sensor', show, { match: 'prefix' }).then(measure).catch(reject);
});

async function measure() {
  const options = { disclose_me: true };
  await sensor.publish('com.example.sensor.kitchen.temperature', [21.5], options);
  await sensor.publish('com.example.weather', ['sunny'], options); // nobody asked for it
  await sensor.publish('com.example.sensor.cellar.temperature', [12], options);
}

await bothRooms;
await sensor.disconnect();
await display.disconnect();

async function open() {
  const serializer = new MsgpackSerializer();
  const client = new Wampy(url, { realm: 'realm1', ws: WebSocket, serializer });
  await client.connect();
  return client;
}
