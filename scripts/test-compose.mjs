// docker-compose.yml as a user runs it, and what may happen to it: clients of all nodes call and publish all the time, while a
// node is cut off, killed, paused, added and restarted, and while all lose power. After each step every acknowledged
// write is on every node, every call was answered, nothing came twice or out of order, and no entry is stale.
//
// A kill leaves what was written to the operating system, so it stands in for a power loss only where nothing better is
// there: BONDY_TEST_POWER_CUT may hold a command that cuts the power of the services it is given and starts them again.
// Skips, saying so, where no engine answers. Needs the ports of docker-compose.yml to be free. Needs the build.
import { join } from 'node:path';
import { Traffic, until } from '../dist/test/cluster/traffic.js';
import * as docker from './compose/docker.mjs';
import { notAll } from './compose/members.mjs';

const NODES = [18, 22, 23, 24].map((thousands, i) => ({
  name: `node${i + 1}`,
  url: `ws://127.0.0.1:${thousands}080/ws`,
  admin: `http://127.0.0.1:${thousands}081`,
}));
const THREE = NODES.slice(0, 3);
const [FIRST, SECOND, THIRD, FOURTH] = NODES;
const FLOW = 20;
const BURST = 50;
const PATIENCE_MS = 180_000;

const why = docker.absence();
if (why !== undefined) {
  console.log(`SKIPPED: ${why}.`);
  process.exit(0);
}

let traffic;
let failure;
try {
  await step('build', () => docker.compose('build', 'node1'));
  await step('three nodes are healthy', () =>
    docker.compose('up', '--detach', '--wait', ...THREE.map(({ name }) => name)),
  );
  await step('the examples run', examples);
  traffic = new Traffic(
    THREE.map(({ url }) => url),
    () => true,
  );
  await step('calls and events between all pairs', wholeAndRight);
  await step('the tree from inside every node', trees);
  await step('a node is cut off: both sides serve their clients', cutOff);
  await step('healed', heal);
  await step('a node is killed: the others serve', crash);
  await step('a node is paused, and goes on', pauseAndGoOn);
  await step('a fourth node joins, has everything, and leaves', fourth);
  await step(powerCutName(), losePower);
  await step('each node is restarted in turn', roll);
  await step('no node believed its clock wrong: they have one', clocks);
  await step('all stop in order', stop);
} catch (error) {
  failure = error;
  docker.run('docker', 'ps', '--all');
  for (const { name } of NODES) spawnLogs(name);
} finally {
  traffic?.stop();
  docker.compose('down', '--volumes', '--timeout', '10');
}
console.log(failure === undefined ? 'ok: docker-compose.yml works' : `FAILED: ${failure.message}`);
process.exit(failure === undefined ? 0 : 1);

function examples() {
  const call = docker.capture(process.execPath, join('examples', 'rpc-autobahn.mjs'), FIRST.url);
  expect(call, /84 \/ 2 = 42/, 'a call through the published port');
  for (const here of THREE) {
    for (const there of THREE.filter((node) => node !== here)) {
      const args = [join('examples', 'across-nodes.mjs'), here.url, there.url];
      const said = docker.capture(process.execPath, ...args);
      const what = `a call and an event from ${there.name} to ${here.name}`;
      expect(said, /procedure is at[^]*heard: hello/, what);
    }
  }
}

function trees() {
  for (const { name } of THREE) {
    const tree = docker.inside(name, 'bondy', 'tree');
    expect(tree, /realm1.*running[^]*router.*running[^]*bondy@node\d#/, `bondy tree in ${name}`);
  }
}

async function cutOff() {
  docker.cutOff(THIRD.name);
  await seen([THIRD], 1, 2);
  await seen([FIRST, SECOND], 2, 1);
  await traffic.flows(BURST, within([FIRST, SECOND]));
  await traffic.flows(BURST, within([THIRD]));
}

async function heal() {
  docker.reconnect(THIRD.name);
  await wholeAndRight();
}

async function crash() {
  docker.kill(SECOND.name);
  await seen([FIRST, THIRD], 2, 1);
  await traffic.flows(FLOW, within([FIRST, THIRD]));
  docker.start(SECOND.name);
  await wholeAndRight();
}

async function pauseAndGoOn() {
  docker.pause(FIRST.name);
  await seen([SECOND, THIRD], 2, 1);
  await traffic.flows(FLOW, within([SECOND, THIRD]));
  docker.unpause(FIRST.name);
  await wholeAndRight();
}

async function fourth() {
  docker.compose('up', '--detach', '--wait', FOURTH.name);
  await seen(NODES, 4);
  await wholeAndRight(NODES);
  docker.compose('stop', FOURTH.name);
  if (docker.exitCode(FOURTH.name) !== 0) throw new Error(`${FOURTH.name} did not end with 0`);
  await wholeAndRight();
}

function powerCutName() {
  return process.env.BONDY_TEST_POWER_CUT
    ? 'all lose power at once'
    : 'all are killed at once (no BONDY_TEST_POWER_CUT: not a power loss)';
}

async function losePower() {
  const names = THREE.map(({ name }) => name);
  const command = process.env.BONDY_TEST_POWER_CUT;
  if (command) docker.capture('sh', '-c', `${command} ${names.join(' ')}`);
  else {
    docker.kill(...names);
    docker.start(...names);
  }
  await wholeAndRight();
}

async function roll() {
  for (const { name } of THREE) {
    docker.compose('restart', name);
    await seen(THREE, 3);
    await traffic.flows(FLOW);
  }
  await wholeAndRight();
}

function clocks() {
  for (const { name } of THREE) {
    if (docker.logs(name).includes('store_clock_off'))
      throw new Error(`store_clock_off in ${name}`);
  }
}

function stop() {
  traffic.stop();
  docker.compose('stop');
  for (const { name } of THREE) {
    if (docker.exitCode(name) !== 0) throw new Error(`${name} did not end with 0`);
  }
}

/** All see each other, nothing is lost from now on, and nothing that was promised before is missing on any of `nodes`. */
async function wholeAndRight(nodes = THREE) {
  const urls = nodes.map(({ url }) => url);
  await seen(nodes, nodes.length);
  await traffic.flows(FLOW);
  await traffic.losesNothing(BURST);
  await traffic.quiet();
  traffic.check();
  await traffic.isKept(urls);
  await traffic.isRegistered(urls);
  traffic.resume();
}

function seen(nodes, alive, dead = 0) {
  return until(`${alive} alive, ${dead} dead`, () => notAll(nodes, alive, dead), PATIENCE_MS);
}

/** Pairs whose both ends are clients of these. */
function within(nodes) {
  const urls = nodes.map(({ url }) => url);
  return traffic.pairs.filter(
    ({ caller, callee }) => urls.includes(caller.url) && urls.includes(callee.url),
  );
}

async function step(name, act) {
  const start = performance.now();
  await act();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`ok: ${name} (${seconds} s)`);
  if (traffic) console.log(`    so far: ${JSON.stringify(traffic.totals)}`);
}

function spawnLogs(name) {
  console.log(`--- ${name}`);
  docker.run(
    'docker',
    'compose',
    '--project-name',
    docker.PROJECT,
    '--profile',
    'more',
    'logs',
    '--no-log-prefix',
    '--tail',
    '40',
    name,
  );
}

function expect(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}:\n${text}`);
  console.log(`ok: ${what}`);
}
