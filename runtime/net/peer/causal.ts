/**
 * Sends with a causal label on the wire: they travel as messages of the transport's own service, with what their order
 * needs in front of the body, and are handed to their service when it is their turn.
 */
import { isSameNode, nodeKey } from '../../causality/identity.ts';
import type { NodeId } from '../../causality/identity.ts';
import { Malformed } from '../../structures/malformed.ts';
import type { CausalLimits, CausalMessage, Knowledge } from './causal-order.ts';
import { CausalOrder } from './causal-order.ts';
import type { PlainValue } from './codec.ts';
import { decodeBody, encodeBody } from './codec.ts';
import type { ServiceName } from './port.ts';
import { MESSAGE_BYTES, SERVICES } from './protocol.ts';

const LIMITS: CausalLimits = {
  maxLabels: 1_000,
  maxNodes: 1_000,
  maxBytes: 16 * 1024 * 1024,
  waitMs: 5_000,
};

export const MAX_LABEL = 128;
/** Of a message that waits, beside its bytes. */
const OVERHEAD = 256;
const MAX_KEY = 300;
const BODY = { maxDepth: 6, maxItems: 200_000, maxBytes: MESSAGE_BYTES.relay };

interface Delivery {
  readonly service: ServiceName;
  readonly from: NodeId;
  readonly body: Uint8Array;
}

export interface CausalParts {
  readonly self: NodeId;
  deliver(service: ServiceName, from: NodeId, body: Uint8Array): 'accepted' | 'refused' | 'dead';
  count(counter: string): void;
}

export class Causal {
  readonly #parts: CausalParts;
  readonly #order: CausalOrder<Delivery>;

  constructor(parts: CausalParts, limits: CausalLimits = LIMITS) {
    this.#parts = parts;
    this.#order = new CausalOrder(nodeKey(parts.self), limits, {
      deliver: ({ service, from, body }) => {
        const delivery = parts.deliver(service, from, body);
        if (delivery === 'dead') parts.count('peer_messages_for_nobody');
        return delivery !== 'refused';
      },
      count: (what) => parts.count(what),
    });
  }

  /** Bytes to send instead of the body; `sent` is to be called when they are on their way. */
  wrap(
    label: string,
    to: NodeId,
    service: ServiceName,
    body: Uint8Array,
  ): { readonly bytes: Uint8Array; sent(): void } {
    if (label.length > MAX_LABEL) throw new RangeError(`a causal label of ${label.length}`);
    const { count, knowledge } = this.#order.stamp(label, nodeKey(to));
    const bytes = encodeBody([label, count, plain(knowledge), SERVICES.indexOf(service), body]);
    return { bytes, sent: () => this.#order.sent(label, nodeKey(to), count) };
  }

  receive(from: NodeId, bytes: Uint8Array, now: number): 'accepted' | 'refused' {
    const parsed = parse(from, bytes);
    if (parsed === undefined) this.#parts.count('peer_causal_malformed');
    else if (!this.#order.receive(parsed.stamp, parsed.delivery, now)) return 'refused';
    return 'accepted';
  }

  tick(now: number): void {
    this.#order.tick(now);
  }

  /** A life of that node is over. */
  forget(node: NodeId): void {
    if (!isSameNode(node, this.#parts.self)) this.#order.forget(nodeKey(node));
  }
}

function plain(knowledge: Knowledge): PlainValue {
  return knowledge.map(([from, row]) => [from, row.flat()]);
}

function parse(
  from: NodeId,
  bytes: Uint8Array,
): { readonly stamp: CausalMessage; readonly delivery: Delivery } | undefined {
  const value = decodeBody(bytes, BODY);
  if (value instanceof Malformed || !Array.isArray(value) || value.length !== 5) return undefined;
  const [label, count, told, code, body] = value as readonly PlainValue[];
  const service = typeof code === 'number' ? SERVICES[code] : undefined;
  const knowledge = parseKnowledge(told!);
  if (typeof label !== 'string' || label.length > MAX_LABEL || !isCount(count!)) return undefined;
  if (service === undefined || service === 'causal' || knowledge === undefined) return undefined;
  if (!(body instanceof Uint8Array)) return undefined;
  const size = bytes.length + OVERHEAD;
  return {
    stamp: { label, from: nodeKey(from), count, knowledge, size },
    delivery: { service, from, body },
  };
}

function parseKnowledge(told: PlainValue): Knowledge | undefined {
  if (!Array.isArray(told)) return undefined;
  const knowledge: [string, [string, number][]][] = [];
  for (const entry of told as readonly PlainValue[]) {
    if (!Array.isArray(entry)) return undefined;
    const [from, flat] = entry as readonly PlainValue[];
    if (!isKey(from) || !Array.isArray(flat) || flat.length % 2 !== 0) return undefined;
    const row: [string, number][] = [];
    for (let at = 0; at < flat.length; at += 2) {
      const [to, count] = [flat[at] as PlainValue, flat[at + 1] as PlainValue];
      if (!isKey(to) || !isCount(count)) return undefined;
      row.push([to, count]);
    }
    knowledge.push([from, row]);
  }
  return knowledge;
}

function isKey(value: PlainValue | undefined): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY;
}

function isCount(value: PlainValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
