/** Asks for `GET /cluster` while somebody looks, one question at a time. */

const INTERVAL_MS = 1_000;
/** An answer that takes longer is given up; the next question may fare better. */
const TIMEOUT_MS = 5_000;

export class ClusterFeed {
  #handlers;
  #isWanted = false;
  #isAsking = false;
  #timer = undefined;

  /** handlers: { onStatus(status), onLost() } */
  constructor(handlers) {
    this.#handlers = handlers;
    document.addEventListener('visibilitychange', () => this.#ask());
  }

  /** Goes on asking until told otherwise. */
  want(isWanted) {
    this.#isWanted = isWanted;
    this.#ask();
  }

  /** One question; answers are the handlers'. */
  async once() {
    const status = await answerOf('/cluster');
    if (status === undefined) this.#handlers.onLost();
    else this.#handlers.onStatus(status);
  }

  async #ask() {
    clearTimeout(this.#timer);
    if (!this.#isWanted || this.#isAsking || document.hidden) return;
    this.#isAsking = true;
    await this.once();
    this.#isAsking = false;
    this.#timer = setTimeout(() => this.#ask(), INTERVAL_MS);
  }
}

/** Undefined: gone, late, or not in its right mind. */
async function answerOf(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined; // the reader is told by onLost
  }
}
