/** One direction of a wire: chunks pass in order, each as late as it is told, none while the pipe is shut. */
import type { Socket } from 'node:net';

interface Waiting {
  readonly chunk: Buffer;
  readonly dueAt: number;
}

/** Bytes held, above which the sender is not read from. */
const HELD = 1024 * 1024;

export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delay: () => number;
  readonly #waiting: Waiting[] = [];
  #held = 0;
  #isOpen = true;
  #isFull = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, delay: () => number) {
    this.#from = from;
    this.#to = to;
    this.#delay = delay;
  }

  start(): void {
    this.#from.on('data', (chunk: Buffer) => {
      this.#waiting.push({ chunk, dueAt: performance.now() + this.#delay() });
      this.#held += chunk.length;
      this.#pass();
    });
    this.#to.on('drain', () => {
      this.#isFull = false;
      this.#pass();
    });
    this.#from.on('close', () => clearTimeout(this.#timer));
  }

  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    this.#pass();
  }

  #pass(): void {
    clearTimeout(this.#timer);
    while (this.#isOpen && !this.#isFull && this.#waiting.length > 0) {
      const [{ chunk, dueAt }] = this.#waiting;
      const early = dueAt - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => this.#pass(), Math.ceil(early));
        break;
      }
      this.#waiting.shift();
      this.#held -= chunk.length;
      this.#isFull = !this.#to.write(chunk);
    }
    if (this.#held > HELD) this.#from.pause();
    else this.#from.resume();
  }
}
