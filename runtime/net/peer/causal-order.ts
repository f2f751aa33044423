/**
 * Causal order of messages with one label, whoever sends them on whatever channel: a message is delivered after those
 * for the same node that it causally follows (Raynal, Schiper, Toueg 1991; Partisan's causal labels). Each message says,
 * of the messages its sender knows of, how many each node has sent to each; the receiver waits for those sent to itself.
 *
 * Nobody waits for ever: what waits too long, or finds no room, is delivered all the same and counted, and what it
 * missed is not waited for again.
 */

/** Row by row: [sender, [receiver, count, receiver, count, ...]]. A key is a node's name and incarnation. */
export type Knowledge = readonly (readonly [string, readonly (readonly [string, number])[]])[];

export interface CausalLimits {
  /** Labels remembered; the one unused for longest goes first. */
  readonly maxLabels: number;
  /** Nodes known of per label, over which what is known is forgotten and order holds only from then on. */
  readonly maxNodes: number;
  /** Bytes that wait, over all labels. */
  readonly maxBytes: number;
  /** Of one message, ms. */
  readonly waitMs: number;
}

export interface CausalMessage {
  readonly label: string;
  readonly from: string;
  /** How many messages the sender had sent here with this label, this one included. */
  readonly count: number;
  readonly knowledge: Knowledge;
  readonly size: number;
}

export interface CausalPort<M> {
  /** False: nobody can take it now; it is offered again at the next message or tick. */
  deliver(message: M): boolean;
  count(what: CausalCounter): void;
}

export type CausalCounter =
  'peer_causal_waited' | 'peer_causal_timed_out' | 'peer_causal_no_room' | 'peer_causal_forgotten';

interface Waiting<M> extends CausalMessage {
  readonly message: M;
  readonly dueAt: number;
}

interface Label<M> {
  /** How many each node has sent to each, as far as is known here. */
  readonly sent: Map<string, Map<string, number>>;
  /** Of each sender: the highest that was delivered here. */
  readonly delivered: Map<string, number>;
  /** In the order of arrival. */
  waiting: Waiting<M>[];
}

export class CausalOrder<M> {
  readonly #self: string;
  readonly #limits: CausalLimits;
  readonly #port: CausalPort<M>;
  readonly #labels = new Map<string, Label<M>>();
  #bytes = 0;

  constructor(self: string, limits: CausalLimits, port: CausalPort<M>) {
    this.#self = self;
    this.#limits = limits;
    this.#port = port;
  }

  /** Messages that wait for others. */
  get waiting(): number {
    let sum = 0;
    for (const { waiting } of this.#labels.values()) sum += waiting.length;
    return sum;
  }

  /** What a message to `to` has to say. */
  stamp(label: string, to: string): Pick<CausalMessage, 'count' | 'knowledge'> {
    const { sent } = this.#labelled(label);
    const knowledge = [...sent].map(([from, row]) => [from, [...row]] as const);
    return { count: (sent.get(this.#self)?.get(to) ?? 0) + 1, knowledge };
  }

  /** It was sent: whatever is sent after it follows from it. */
  sent(label: string, to: string, count: number): void {
    raise(this.#labelled(label).sent, this.#self, to, count);
  }

  /** False: there is no room, because nobody takes what waits; to be offered again. */
  receive(stamp: CausalMessage, message: M, now: number): boolean {
    while (this.#bytes > 0 && this.#bytes + stamp.size > this.#limits.maxBytes) {
      if (!this.#force('peer_causal_no_room', () => true)) return false;
    }
    const label = this.#labelled(stamp.label);
    const waiting = { ...stamp, message, dueAt: now + this.#limits.waitMs };
    this.#bytes += stamp.size;
    label.waiting.push(waiting);
    this.#deliverReady(label);
    if (label.waiting.includes(waiting)) this.#port.count('peer_causal_waited');
    return true;
  }

  /** Offers again what was refused, and gives up waiting for what is late. */
  tick(now: number): void {
    for (const label of this.#labels.values()) this.#deliverReady(label);
    while (this.#force('peer_causal_timed_out', ({ dueAt }) => dueAt <= now));
  }

  /** A node's life is over: nothing of it is waited for any more. */
  forget(node: string): void {
    for (const label of this.#labels.values()) {
      label.sent.delete(node);
      for (const row of label.sent.values()) row.delete(node);
      label.delivered.set(node, Infinity);
      this.#deliverReady(label);
      label.delivered.delete(node);
    }
  }

  #labelled(name: string): Label<M> {
    const known = this.#labels.get(name);
    if (known !== undefined) {
      this.#labels.delete(name);
      this.#labels.set(name, known);
      return known;
    }
    const label: Label<M> = { sent: new Map(), delivered: new Map(), waiting: [] };
    for (const [oldest, { waiting }] of this.#labels) {
      if (this.#labels.size < this.#limits.maxLabels) break;
      if (waiting.length === 0) this.#labels.delete(oldest);
    }
    this.#labels.set(name, label);
    return label;
  }

  /** Delivering one may free others. */
  #deliverReady(label: Label<M>): void {
    for (let at = 0; at < label.waiting.length;) {
      const waiting = label.waiting[at]!;
      if (!this.#isReady(label, waiting)) at++;
      else if (this.#deliver(label, waiting)) at = 0;
      else return;
    }
  }

  #isReady({ delivered }: Label<M>, { from, count, knowledge }: Waiting<M>): boolean {
    if ((delivered.get(from) ?? 0) < count - 1) return false;
    return knowledge.every(([sender, row]) => {
      const toHere = row.find(([receiver]) => receiver === this.#self)?.[1] ?? 0;
      return sender === this.#self || (delivered.get(sender) ?? 0) >= toHere;
    });
  }

  /** The one that has waited longest, ready or not. False: there is none, or nobody takes it. */
  #force(why: CausalCounter, mayGo: (waiting: Waiting<M>) => boolean): boolean {
    let found: Waiting<M> | undefined;
    for (const { waiting } of this.#labels.values()) {
      const [first] = waiting;
      if (first && mayGo(first) && (!found || first.dueAt < found.dueAt)) found = first;
    }
    if (found === undefined) return false;
    const label = this.#labels.get(found.label)!;
    if (!this.#deliver(label, found)) return false;
    this.#port.count(why);
    this.#deliverReady(label);
    return true;
  }

  #deliver(label: Label<M>, waiting: Waiting<M>): boolean {
    if (!this.#port.deliver(waiting.message)) return false;
    label.waiting.splice(label.waiting.indexOf(waiting), 1);
    this.#bytes -= waiting.size;
    const { from, count, knowledge } = waiting;
    const delivered = (sender: string, upTo: number): void => {
      label.delivered.set(sender, Math.max(upTo, label.delivered.get(sender) ?? 0));
    };
    delivered(from, count);
    raise(label.sent, from, this.#self, count);
    for (const [sender, row] of knowledge) {
      if (sender === this.#self) continue; // nobody knows that better
      for (const [receiver, sent] of row) {
        raise(label.sent, sender, receiver, sent);
        // Missed, if it was forced: then it is not waited for again.
        if (receiver === this.#self) delivered(sender, sent);
      }
    }
    if (label.sent.size > this.#limits.maxNodes) {
      const own = label.sent.get(this.#self);
      label.sent.clear();
      if (own !== undefined) label.sent.set(this.#self, own);
      this.#port.count('peer_causal_forgotten');
    }
    return true;
  }
}

function raise(
  sent: Map<string, Map<string, number>>,
  from: string,
  to: string,
  count: number,
): void {
  const row = sent.get(from) ?? new Map<string, number>();
  sent.set(from, row);
  row.set(to, Math.max(count, row.get(to) ?? 0));
}
