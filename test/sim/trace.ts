/** One number for everything that happened, in its order: two runs of one seed have the same (FNV-1a and a mix of it). */

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;
  events = 0;

  add(text: string, bytes?: Uint8Array): void {
    this.events++;
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    if (bytes !== undefined) for (const byte of bytes) this.#mix(byte);
  }

  get digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ value ^ (this.#low >>> 15), 0x85ebca6b);
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
