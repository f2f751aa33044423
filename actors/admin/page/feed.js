/**
 * The stream of the tree, with reconnects. EventSource gives up on an HTTP error and cannot tell a dead
 * connection from a silent one, so attempts and silence are watched here.
 */

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

/** The node reports every second; this much silence is a dead connection. */
const SILENCE_MS = 5_000;

export class Feed {
  #handlers;
  #childLimit;
  #source = undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer = undefined;
  #silence = undefined;

  /** handlers: { onEvent(event, isWhole), onState('connecting' | 'live' | 'disconnected' | 'paused') } */
  constructor(childLimit, handlers) {
    this.#childLimit = childLimit;
    this.#handlers = handlers;
    document.addEventListener('visibilitychange', () => this.#onVisibility());
  }

  get childLimit() {
    return this.#childLimit;
  }

  /** Follows up to this many children of each dynamic supervisor from now on. */
  follow(childLimit) {
    this.#childLimit = childLimit;
    this.#open();
  }

  start() {
    this.#handlers.onState('connecting');
    this.#open();
  }

  #open() {
    this.#close();
    const source = new EventSource(`/tree/events?children=${this.#childLimit}`);
    this.#source = source;
    source.addEventListener('tree', (event) => this.#receive(event, true));
    source.addEventListener('delta', (event) => this.#receive(event, false));
    source.addEventListener('error', () => this.#lost());
    this.#watchSilence();
  }

  #receive(event, isWhole) {
    this.#retryMs = FIRST_RETRY_MS;
    this.#watchSilence();
    if (isWhole) this.#handlers.onState('live');
    this.#handlers.onEvent(JSON.parse(event.data), isWhole);
  }

  #lost() {
    this.#close();
    this.#handlers.onState('disconnected');
    this.#timer = setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  #watchSilence() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  // A browser gives a host six connections over all tabs, so a hidden tab lets go of its own.
  #onVisibility() {
    if (!document.hidden) return this.#open();
    this.#close();
    this.#handlers.onState('paused');
  }

  #close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = undefined;
  }
}
