/** How a transport puts its frame around a message that is written straight into the output buffer. */
import type { ByteWriter } from '../wamp/writer.ts';

/**
 * `begin` sets room aside, the codec appends, `end` fills the room in; `pen.at` when `begin` was called is `start`.
 * Between `begin` and `end` or `abandon` nothing else happens to the pen.
 */
export interface Framing {
  begin(pen: ByteWriter): void;
  /** False: the message is over what the peer accepts. The caller then rewinds and calls `abandon`. */
  end(pen: ByteWriter, start: number): boolean;
  /** The message that began at `start` will not be. */
  abandon(start: number): void;
  /** Completes what is open; called before bytes leave and before a control frame is appended. */
  seal(pen: ByteWriter): void;
}
