// What is done to the containers of docker-compose.yml, with nothing but the docker command.
import { spawnSync } from 'node:child_process';

export const PROJECT = process.env.COMPOSE_PROJECT_NAME ?? 'bondy-test';
/** Room for the log of a node. */
const CAPTURED = { encoding: 'utf8', maxBuffer: 1 << 26 };
const CLUSTER = `${PROJECT}_cluster`;

/** Why there is no engine to ask; undefined: there is one. */
export function absence() {
  for (const question of [
    ['version', '--format', '{{.Server.Version}}'],
    ['compose', 'version'],
  ]) {
    const { status, error, stderr } = spawnSync('docker', question, { encoding: 'utf8' });
    if (status !== 0) {
      return `"docker ${question[0]}" does not answer (${(error?.message ?? stderr).trim()})`;
    }
  }
  return undefined;
}

export function compose(...args) {
  if (run('docker', ...composing(...args)) !== 0) throw new Error(`docker compose ${args[0]}`);
}

export const inside = (node, ...command) =>
  capture('docker', ...composing('exec', '-T', node, ...command));

/** Of all its lives. */
export const logs = (node) => capture('docker', ...composing('logs', '--no-log-prefix', node));

export function exitCode(node) {
  return Number(capture('docker', 'inspect', '--format', '{{.State.ExitCode}}', container(node)));
}

/** Away from the other nodes; its clients stay. */
export const cutOff = (node) =>
  capture('docker', 'network', 'disconnect', CLUSTER, container(node));

/** Under the name that the others know. */
export const reconnect = (node) =>
  capture('docker', 'network', 'connect', '--alias', `${node}.cluster`, CLUSTER, container(node));

/** No restart policy acts on a kill by hand. */
export const kill = (...nodes) =>
  capture('docker', 'kill', '--signal', 'KILL', ...nodes.map(container));

export const start = (...nodes) => capture('docker', 'start', ...nodes.map(container));

export const pause = (node) => capture('docker', 'pause', container(node));

export const unpause = (node) => capture('docker', 'unpause', container(node));

export function run(command, ...args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status;
}

export function capture(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, CAPTURED);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
}

/** Of a service, running or not. */
function container(node) {
  const id = capture('docker', ...composing('ps', '--all', '--quiet', node)).trim();
  if (id === '') throw new Error(`no container of ${node}`);
  return id;
}

function composing(...args) {
  return ['compose', '--project-name', PROJECT, '--profile', 'more', ...args];
}
