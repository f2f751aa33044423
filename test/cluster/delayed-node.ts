/**
 * A whole node as a process whose store's broadcasts leave late, as they would on a network that has lost them, and whose
 * calls leave in time: with or without the clock that says what was written before them. Takes the place of `bondy`.
 */
import { parsePeerMessage } from '../../actors/broadcast/message.ts';
import { batchOf } from '../../actors/relay/wire.ts';
import { createLogHost } from '../../runtime/log/log-host.ts';
import { decodeBody } from '../../runtime/net/peer/codec.ts';
import type { Interposition, Passing } from '../../runtime/net/peer/interposition.ts';
import { PASS } from '../../runtime/net/peer/interposition.ts';
import { uint32 } from '../../runtime/wamp/big-endian.ts';
import { readText } from '../../runtime/wamp/utf8.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import type { DelayedNodeOptions } from './delayed-nodes.ts';

const LIMITS = { maxDepth: 16, maxItems: 100_000, maxBytes: 64 * 1024 * 1024 };

const options = JSON.parse(process.argv[2]!) as DelayedNodeOptions;
const { config, mistakes } = loadNodeConfig({
  file: undefined,
  environment: {},
  flags: process.argv.slice(4).filter((argument) => argument !== '--set'),
  workingDirectory: '.',
  files: { read: () => undefined },
});
if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
const log = createLogHost(config.log, process.stdout, (error) =>
  process.stderr.write(`${error}\n`),
);
const node = await startNode(config, log.logger, 'test', { interposition });
process.on('SIGTERM', () => void node.stop().then(() => process.exit(0)));

function interposition(passing: Passing): ReturnType<Interposition> {
  if (passing.direction === 'in') return PASS;
  if (isOfStore(passing)) return { kind: 'delay', ms: options.broadcastDelayMs };
  if (passing.service === 'relay' && !options.isCausal) {
    return { kind: 'rewrite', body: withoutClock(passing.body) };
  }
  return PASS;
}

function isOfStore({ service, body }: Passing): boolean {
  if (service !== 'broadcast') return false;
  const message = parsePeerMessage(decodeBody(body, LIMITS), LIMITS.maxBytes);
  return 'payload' in message && message.payload.topic === 'store';
}

/** See actors/relay/wire.ts. */
function withoutClock(body: Uint8Array): Uint8Array {
  const realmEnd = 5 + uint32(body, 1);
  const entries = realmEnd + 4 + uint32(body, realmEnd);
  return batchOf(readText(body, 5, realmEnd)!, body.subarray(entries));
}
