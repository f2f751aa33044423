/** What a decoder answers for bytes that are not what they claim to be: a peer's or a disk's mistake is a value. */
export class Malformed {
  /** For people and for the label of a counter: a few words, never the bytes. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
