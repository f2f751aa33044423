/**
 * Does the time of a refusal tell whether a user exists? Logs in with a wrong proof as a user of the realm and as nobody, in
 * random order, over a real socket, and compares the two samples (Welch's t). The tests prove that the same work is done;
 * this shows what a client sees of it. `npm run attack:timing -- --rounds 400`.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
const rounds = Number(values.rounds);
const at = (path) => new URL(`../dist/${path}`, import.meta.url).href;
const { loadNodeConfig } = await import(at('supervisors/config.js'));
const { startNode } = await import(at('supervisors/node.js'));
const { SILENT } = await import(at('runtime/log/logger.js'));
const { default: WebSocket } = await import('ws');

const settings = {
  'api_gateway.http.port': '0',
  'wamp.tcp.port': '0',
  'admin_api.http.enabled': 'off',
  'store.engine': 'memory',
  'security.lockout.enabled': 'off',
  'security.admin.username': 'admin',
  'security.admin.password': 'a password for this run',
};
const { config, mistakes } = loadNodeConfig({
  file: undefined,
  environment: {},
  flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
  workingDirectory: '.',
  files: { read: () => undefined },
});
if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
const node = await startNode(config, SILENT);
const { url } = node.addresses.find(({ name }) => name === 'api_gateway.http');

const EXTRA = { nonce: Buffer.alloc(16, 3).toString('base64'), pubkey: 'ab'.repeat(32) };

/** Ms from AUTHENTICATE to ABORT. */
function refusal(method, authid) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, 'wamp.2.json');
    let sentAt = 0;
    ws.on('error', reject);
    ws.on('open', () => {
      const details = { roles: { caller: {} }, authmethods: [method], authid, authextra: EXTRA };
      ws.send(JSON.stringify([1, 'com.leapsight.bondy', details]));
    });
    ws.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message[0] === 4) {
        const nonce = message[2].nonce ?? '';
        const signature = method === 'cryptosign' ? 'ab'.repeat(96) : 'AAAA';
        ws.send(JSON.stringify([5, signature, { nonce }]));
        sentAt = performance.now();
        return;
      }
      const took = performance.now() - sentAt;
      ws.close();
      if (message[0] === 3 && sentAt > 0) resolve(took);
      else reject(new Error(`unexpected: ${String(data)}`));
    });
  });
}

function summary(sample) {
  const sorted = sample.toSorted((a, b) => a - b);
  // A pause of the machine is not the router's.
  const kept = sorted.slice(0, Math.ceil(sorted.length * 0.95));
  const mean = kept.reduce((sum, each) => sum + each, 0) / kept.length;
  const variance = kept.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (kept.length - 1);
  return { n: kept.length, mean, variance, median: sorted[sorted.length >> 1] };
}

let isSuspicious = false;
for (const method of ['password', 'wampcra', 'wamp-scram', 'cryptosign']) {
  const samples = { admin: [], nobody: [] };
  for (let i = 0; i < 20; i++) await refusal(method, 'warmup');
  while (samples.admin.length < rounds || samples.nobody.length < rounds) {
    const authid = randomInt(2) === 0 ? 'admin' : 'nobody';
    if (samples[authid].length < rounds) samples[authid].push(await refusal(method, authid));
  }
  const [known, unknown] = [summary(samples.admin), summary(samples.nobody)];
  const error = Math.sqrt(known.variance / known.n + unknown.variance / unknown.n);
  const t = (known.mean - unknown.mean) / error;
  // 4.5 is what leakage tests of cryptography take (TVLA).
  if (Math.abs(t) > 4.5) isSuspicious = true;
  const ms = (value) => value.toFixed(3).padStart(9);
  console.log(
    `${method.padEnd(11)} known ${ms(known.median)} ms, unknown ${ms(unknown.median)} ms (medians), t = ${t.toFixed(2)}`,
  );
}
await node.stop();
if (isSuspicious) console.log('a difference that can be measured: |t| > 4.5');
process.exitCode = isSuspicious ? 1 : 0;
