/**
 * What the page knows of the cluster: the last answer of `GET /cluster`, and rates made of the one before. Touches no
 * document.
 */

/** Answers closer than this are not compared: a rate over a moment jumps. */
const RATE_WINDOW_MS = 900;

export class ClusterModel {
  #status = undefined;
  /** peer#incarnation/channel → { sentBytes, receivedBytes, sentMessages, receivedMessages } at #countedAt */
  #counted = new Map();
  #countedAt = undefined;
  #rates = new Map();

  apply(status) {
    this.#status = status;
    if (!status.enabled) return;
    const elapsed = status.at - (this.#countedAt ?? -Infinity);
    if (elapsed >= RATE_WINDOW_MS || elapsed < 0) this.#measure(status, elapsed);
  }

  /** Undefined: not known yet. */
  get isEnabled() {
    return this.#status?.enabled;
  }

  get status() {
    return this.#status;
  }

  /** A row per channel of each link; the first of a link begins it. */
  channels() {
    return this.#status.links.list.flatMap((link) =>
      link.channels.map((channel, index) => ({
        ...channel,
        link,
        isFirst: index === 0,
        rate: this.#rates.get(keyOf(link, channel)) ?? NO_RATE,
      })),
    );
  }

  /** Members with the traffic of their links. */
  members() {
    const queued = new Map(
      this.#status.links.list.map(({ peer, channels }) => [peer, sum(channels, 'queuedBytes')]),
    );
    return this.#status.members.list.map((member) => ({
      ...member,
      queuedBytes: queued.get(member.name) ?? null,
      sinceMs: member.since === null ? null : Math.max(0, this.#status.at - member.since),
    }));
  }

  /** Owners of entries with what waits for them. */
  owners() {
    const { registry, relay } = this.#status;
    const held = new Map(relay.held.map((row) => [row.node, row]));
    const own = registry?.owners[0]?.sequence ?? 0;
    return (registry?.owners ?? []).map((owner) => ({
      ...owner,
      held: held.get(owner.node),
      /** Of this node's changes, those it has not said to have. */
      behind: owner.acked === null ? null : Math.max(0, own - owner.acked),
    }));
  }

  exchanges() {
    return this.#status.store.exchanges.map((exchange) => ({
      ...exchange,
      agoMs: Math.max(0, this.#status.at - exchange.at),
    }));
  }

  totals() {
    const { members, links, store } = this.#status;
    const channels = this.channels();
    const rates = channels.map(({ rate }) => rate);
    return {
      members: members.total - (members.states.left ?? 0) - (members.states.removed ?? 0),
      up: members.states.up ?? 0,
      links: links.list.filter(({ state }) => state === 'up').length,
      queuedBytes: sum(channels, 'queuedBytes'),
      sentBytes: sum(rates, 'sentBytes'),
      receivedBytes: sum(rates, 'receivedBytes'),
      rows: sum(store.partitions, 'rows'),
      ready: store.partitions.filter(({ state }) => state === 'ready').length,
      quarantined: sum(store.partitions, 'quarantined') + sum(store.partitions, 'damaged'),
    };
  }

  #measure({ at, links }, elapsed) {
    const counted = new Map();
    const rates = new Map();
    for (const link of links.list) {
      for (const channel of link.channels) {
        const key = keyOf(link, channel);
        counted.set(key, channel);
        const before = this.#counted.get(key);
        if (before !== undefined && elapsed > 0) rates.set(key, rateOf(channel, before, elapsed));
      }
    }
    this.#counted = counted;
    this.#countedAt = at;
    this.#rates = rates;
  }
}

const COUNTED = ['sentBytes', 'receivedBytes', 'sentMessages', 'receivedMessages'];
const NO_RATE = Object.fromEntries(COUNTED.map((name) => [name, 0]));

/** A link that was made anew counts from zero again; then there is no rate yet. */
function rateOf(channel, before, elapsedMs) {
  if (COUNTED.some((name) => channel[name] < before[name])) return NO_RATE;
  return Object.fromEntries(
    COUNTED.map((name) => [name, ((channel[name] - before[name]) * 1000) / elapsedMs]),
  );
}

function keyOf({ peer, incarnation }, { channel }) {
  return `${peer}#${incarnation}/${channel}`;
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + (row[name] ?? 0), 0);
}
