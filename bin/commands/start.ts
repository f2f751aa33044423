/**
 * `bondy start`: runs a node and turns the operating system's signals into requests to it. SIGTERM and SIGINT stop it
 * in order, a second one ends at once; SIGHUP reads the configuration again.
 */
import { renderMistakes } from '../../runtime/config/mistake.ts';
import { createLogHost } from '../../runtime/log/log-host.ts';
import type { LogHost } from '../../runtime/log/log-host.ts';
import type { LoadedConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import { banner } from '../banner.ts';
import { VERSION } from '../version.ts';
import { readConfiguration, refuse } from './configuration.ts';
import type { ConfigOptions } from './configuration.ts';
import { changesThatNeedARestart } from './reload.ts';

type Node = Awaited<ReturnType<typeof startNode>>;

/** The exit status of a program's own mistake (sysexits.h). */
const EX_SOFTWARE = 70;
/** The last words get this long to reach the log file. */
const LAST_WORDS_MS = 1000;

export async function start(options: ConfigOptions): Promise<void> {
  const loaded = readConfiguration(options);
  if (loaded.mistakes.length > 0) {
    process.exitCode = refuse(renderMistakes(loaded.mistakes));
    return;
  }
  // A reader of the log that goes away must not take the node with it.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const log = createLogHost(loaded.config.log, process.stdout, (error) =>
    process.stderr.write(`bondy: the log file cannot be written: ${error.message}\n`),
  );
  endOnOwnMistakes(log);
  const stopping = onceASignalSaysStop(log);
  const hangUps = reloadOnHangUp(options, loaded, log);
  const node = await startOrExplain(loaded, log);
  if (node === undefined) return leave(log, 1);
  hangUps.node = node;
  announce(node, loaded, log);
  const why = await Promise.race([stopping, node.ended.then(() => 'ended' as const)]);
  if (why === 'ended') {
    log.logger.error('node_ended', { detail: 'the root supervisor gave up' });
    return leave(log, EX_SOFTWARE);
  }
  log.logger.info('node_stopping', { signal: why });
  await node.stop();
  log.logger.info('node_stopped');
  return leave(log, 0);
}

async function startOrExplain(loaded: LoadedConfig, log: LogHost): Promise<Node | undefined> {
  try {
    return await startNode(loaded.config, log.logger, VERSION);
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    log.logger.error('start_failed', { detail: message });
    process.stderr.write(`bondy cannot start: ${message}\n`);
    return undefined;
  }
}

function announce({ addresses }: Node, { config }: LoadedConfig, { logger }: LogHost): void {
  const { realms, node } = config;
  logger.info('node_started', {
    node: node.name,
    version: VERSION,
    pid: process.pid,
    addresses,
    realms: realms.map(({ uri }) => uri),
  });
  if (config.log.format !== 'terminal') return;
  process.stdout.write(banner({ version: VERSION, node: node.name, addresses, realms }));
}

/** Resolves with the first of them; the second ends the process. */
function onceASignalSaysStop(log: LogHost): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (++signals > 1) {
        log.logger.warn('node_cut', { signal });
        process.exit(1);
      }
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** Listens from the beginning: a hang-up that nobody handles ends a process. `node` is set when there is one. */
function reloadOnHangUp(
  options: ConfigOptions,
  running: LoadedConfig,
  log: LogHost,
): { node: Node | undefined } {
  const target: { node: Node | undefined } = { node: undefined };
  process.on('SIGHUP', () => {
    log.reopen();
    if (target.node === undefined) log.logger.warn('reload_ignored', { detail: 'still starting' });
    else reload(target.node, options, running, log);
  });
  return target;
}

function reload(node: Node, options: ConfigOptions, running: LoadedConfig, log: LogHost): void {
  const next = readConfiguration(options);
  if (next.mistakes.length > 0) {
    log.logger.error('configuration_refused', { mistakes: next.mistakes });
    return;
  }
  const waiting = changesThatNeedARestart(running, next);
  if (waiting.length > 0) log.logger.warn('restart_needed', { settings: waiting });
  log.setLevel(next.config.log.level);
  node.reload(next.config);
  log.logger.info('configuration_reloaded');
}

/** Nothing is known about the state of the process any more: say why, and let whoever started it start it again. */
function endOnOwnMistakes(log: LogHost): void {
  const end = (event: string) => (reason: unknown) => {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    log.logger.error(event, { error });
    void leave(log, EX_SOFTWARE);
  };
  process.once('uncaughtException', end('uncaught_exception'));
  process.once('unhandledRejection', end('unhandled_rejection'));
}

async function leave(log: LogHost, status: number): Promise<never> {
  const deadline = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
  await Promise.race([log.close(), deadline]);
  process.exit(status);
}
