// docker-compose.yml as a user runs it: build, up, a call through the published port, the tree from inside, a stop that
// ends with 0. Skips, saying so, where no engine answers. Needs the ports of docker-compose.yml to be free.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROJECT = 'bondy-test';
const URLS = [18080, 28080, 38080].map((port) => `ws://127.0.0.1:${port}/ws`);

for (const question of [
  ['version', '--format', '{{.Server.Version}}'],
  ['compose', 'version'],
]) {
  const { status, error, stderr } = spawnSync('docker', question, { encoding: 'utf8' });
  if (status === 0) continue;
  const why = (error?.message ?? stderr).trim();
  console.log(`SKIPPED: "docker ${question[0]}" does not answer (${why}).`);
  process.exit(0);
}

let failure;
try {
  compose('build');
  compose('up', '--detach', '--wait');
  const call = capture(process.execPath, join('examples', 'rpc-autobahn.mjs'), URLS[0]);
  expect(call, /84 \/ 2 = 42/, 'a call through the published port');
  for (const here of URLS) {
    for (const there of URLS.filter((url) => url !== here)) {
      const said = capture(process.execPath, join('examples', 'across-nodes.mjs'), here, there);
      expect(
        said,
        /procedure is at[^]*heard: hello/,
        `a call and an event from ${there} to ${here}`,
      );
    }
  }
  const tree = capture('docker', ...composing('exec', '-T', 'node1', 'bondy', 'tree'));
  expect(tree, /realm1.*running[^]*router.*running[^]*bondy@node[23]#/, 'the tree from inside');
  const container = capture('docker', ...composing('ps', '--quiet', 'node1')).trim();
  compose('stop');
  const code = capture('docker', 'inspect', '--format', '{{.State.ExitCode}}', container).trim();
  expect(code, /^0$/, 'the exit status after a stop');
} catch (error) {
  failure = error;
  run('docker', ...composing('logs', '--tail', '50'));
} finally {
  run('docker', ...composing('down', '--volumes', '--timeout', '10'));
}
console.log(failure === undefined ? 'ok: docker-compose.yml works' : `FAILED: ${failure.message}`);
process.exit(failure === undefined ? 0 : 1);

function composing(...args) {
  return ['compose', '--project-name', PROJECT, ...args];
}

function compose(...args) {
  if (run('docker', ...composing(...args)) !== 0) throw new Error(`docker compose ${args[0]}`);
}

function run(command, ...args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status;
}

function capture(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
}

function expect(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}:\n${text}`);
  console.log(`ok: ${what}`);
}
