/** Why something that was asked for was not done: what people are told, where it belongs. */

/** What was refused, or could not be asked. */
export class Problem extends Error {
  /** 0: there was no answer. */
  status;
  /** Of fields: `{ path, message }`. */
  problems;

  constructor(status, message, problems = []) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}
