/** Keys of the node itself: its name, its turns, its log, its end. */
import { key } from '../../runtime/config/schema.ts';
import { path } from '../../runtime/config/place-types.ts';
import { decimal, duration, integer, oneOf, text } from '../../runtime/config/scalar-types.ts';
import { optional } from '../../runtime/config/type.ts';

export const nodeKeys = {
  name: key({
    name: 'node.name',
    type: text({
      name: 'node name',
      pattern: /^[A-Za-z0-9]([A-Za-z0-9@._-]{0,126}[A-Za-z0-9])?$/,
      advice: 'Use letters, digits and @ . _ - between them.',
    }),
    default: 'bondy@localhost',
    doc: 'What this node is called in the tree, in logs and in metrics. Unique among your nodes.',
  }),
};

export const kernelKeys = {
  turnBudgetMs: key({
    name: 'kernel.turn_budget',
    type: decimal({ min: 0.1, max: 100 }),
    default: 1.5,
    doc:
      'Milliseconds actors may run before sockets and timers get their turn. Low: fewer frames share a ' +
      'write. High: heartbeats and admin requests wait longer.',
  }),
  crashRing: key({
    name: 'kernel.crash_reports',
    type: integer({ min: 1, max: 100_000 }),
    default: 200,
    doc: 'Crash reports kept for `/crashes` and the web page; the oldest go first.',
  }),
};

export const logKeys = {
  level: key({
    name: 'log.level',
    type: oneOf(['debug', 'info', 'warn', 'error'], {
      notice: 'info',
      warning: 'warn',
      critical: 'error',
      alert: 'error',
      emergency: 'error',
    }),
    default: 'info',
    isReloadable: true,
    doc:
      'The least urgent level that is written. `debug` slows a busy node. `notice`, `warning`, ' +
      '`critical`, `alert` and `emergency` are read as their nearest.',
  }),
  format: key({
    name: 'log.format',
    type: oneOf(['terminal', 'json']),
    default: 'terminal',
    doc:
      'One line of text for people (coloured on a terminal, unless `NO_COLOR` is set), or one JSON object ' +
      'per line for machines.',
  }),
  file: key({
    name: 'log.file',
    type: optional(path),
    default: undefined,
    doc: 'Write the log there instead of the standard output. Opened anew on SIGHUP, as logrotate wants.',
  }),
};

export const shutdownKeys = {
  gracePeriodMs: key({
    name: 'shutdown.grace_period',
    type: duration({ min: 0, max: 3_600_000 }),
    default: 30_000,
    isReloadable: true,
    doc:
      'How long sessions may take to say goodbye and to read what is queued for them when the node stops; ' +
      'it stops sooner when they are done. Low: clients lose answers. High: a deployment waits for dead clients.',
  }),
};
