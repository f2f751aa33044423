/** How a record looks: one line of JSON for machines, one line of text for people. Neither can be made two lines. */
import type { LogFields, LogLevel, LogRecord } from './logger.ts';

export type Formatter = (record: LogRecord) => string;

export function jsonLine({ at, level, event, fields }: LogRecord): string {
  const head = { time: new Date(at).toISOString(), level, event };
  return escapeControls(JSON.stringify(Object.assign(head, renamed(fields))));
}

/** A field may not pose as the record's own time, level or event. */
function renamed(fields: LogFields): LogFields {
  const isTaken = (name: string): boolean => ['time', 'level', 'event'].includes(name);
  if (!Object.keys(fields).some(isTaken)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [isTaken(name) ? `field_${name}` : name, value]),
  );
}

const COLOURS: Record<LogLevel, string> = { debug: '2', info: '36', warn: '33', error: '31' };

/** `12:04:31.120 info  listener_started  name=api_gateway.http port=18080` */
export function terminalLine({ isColoured }: { readonly isColoured: boolean }): Formatter {
  const paint = (codes: string, text: string): string =>
    isColoured ? `\u001b[${codes}m${text}\u001b[0m` : text;
  return ({ at, level, event, fields }) => {
    const time = new Date(at).toISOString().slice(11, 23);
    const { stack, rest } = withoutStack(fields);
    const words = Object.entries(rest).map(
      ([name, value]) => `${paint('2', `${escapeControls(bare(name))}=`)}${shown(value)}`,
    );
    const name = paint(level === 'info' ? '1' : `1;${COLOURS[level]}`, escapeControls(event));
    const head = [paint('2', time), paint(COLOURS[level], level.padEnd(5)), name].join(' ');
    const line = words.length === 0 ? head : `${head}  ${words.join(' ')}`;
    return stack === undefined ? line : `${line}\n${paint('2', indented(stack))}`;
  };
}

/** A stack is our own text and is easier to read on lines of its own, each of them indented. */
function withoutStack(fields: LogFields): { stack: string | undefined; rest: LogFields } {
  const { stack, ...rest } = fields;
  if (typeof stack === 'string') return { stack, rest };
  const { error } = fields;
  if (!isRecord(error) || typeof error['stack'] !== 'string')
    return { stack: undefined, rest: fields };
  const { stack: inner, ...said } = error;
  return { stack: String(inner), rest: { ...fields, error: said } };
}

function indented(stack: string): string {
  return stack
    .split('\n')
    .map((line) => `    ${escapeControls(line)}`)
    .join('\n');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return bare(value);
  return escapeControls(JSON.stringify(value) ?? 'undefined');
}

/** Without quotes where nobody could mistake it for two words or for another field. */
function bare(text: string): string {
  return /^[\w./:@+%,-]+$/.test(text) ? text : escapeControls(JSON.stringify(text));
}

/** JSON leaves C1 controls, line separators and bidirectional marks as they are; a terminal obeys some of them. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
