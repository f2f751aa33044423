/** Keys of the session layer: how long it waits, and what it puts up with. */
import { SESSIONS_DEFAULTS as DEFAULTS } from '../../actors/sessions/config.ts';
import { key } from '../../runtime/config/schema.ts';
import { byteSize, duration, integer } from '../../runtime/config/scalar-types.ts';

const MB = 1024 * 1024;
const timeout = duration({ min: 10, max: 3_600_000 });

export const sessionKeys = {
  helloTimeoutMs: key({
    name: 'wamp.hello_timeout',
    type: timeout,
    default: DEFAULTS.helloTimeoutMs,
    isReloadable: true,
    doc:
      'A connection that has not said HELLO by then is aborted. Low: slow links never get in. High: idle ' +
      'sockets pile up.',
  }),
  authenticateTimeoutMs: key({
    name: 'wamp.authenticate_timeout',
    type: timeout,
    default: DEFAULTS.authenticateTimeoutMs,
    isReloadable: true,
    doc:
      'A CHALLENGE that is not answered by then is aborted. Low: people who type a code fail. High: ' +
      'half-open sessions pile up.',
  }),
  catchUpTimeoutMs: key({
    name: 'wamp.catch_up_timeout',
    type: timeout,
    default: DEFAULTS.catchUpTimeoutMs,
    isReloadable: true,
    doc:
      "How long WELCOME waits until this node's store has what the token of a session says it has seen on another. " +
      'Low: a reconnect to a node that lags is refused. High: it hangs.',
  }),
  goodbyeTimeoutMs: key({
    name: 'wamp.goodbye_timeout',
    type: timeout,
    default: DEFAULTS.goodbyeTimeoutMs,
    isReloadable: true,
    doc: "How long a GOODBYE of this node waits for the client's before the connection is closed.",
  }),
  slowConsumerTimeoutMs: key({
    name: 'wamp.slow_consumer_timeout',
    type: timeout,
    default: DEFAULTS.slowConsumerTimeoutMs,
    isReloadable: true,
    doc:
      'A client that does not read is aborted after this time over the high-water mark. Low: a hiccup costs ' +
      'a phone its session. High: its backlog costs memory for longer.',
  }),
  maxBacklogBytes: key({
    name: 'wamp.max_backlog',
    type: byteSize({ min: 64 * 1024, max: 4096 * MB }),
    default: DEFAULTS.maxBacklogBytes,
    isReloadable: true,
    doc:
      'Bytes waiting for one client at which it is aborted at once. Must be above the high-water mark of the ' +
      'listeners.',
  }),
  maxDepth: key({
    name: 'wamp.max_depth',
    type: integer({ min: 8, max: 1024 }),
    default: DEFAULTS.maxDepth,
    isReloadable: true,
    doc: 'Deepest nesting of lists and dictionaries in a message; deeper ones end the session.',
  }),
};
