/**
 * What the node says to its operator: an event name and fields, never a sentence built from what a peer sent.
 * A disabled level costs one property read: guard hot calls with `if (log.isDebugEnabled)`.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  readonly isDebugEnabled: boolean;
  isEnabled(level: LogLevel): boolean;
  log(level: LogLevel, event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** One event on its way out: fields blanked and bounded already. */
export interface LogRecord {
  readonly at: number; // wall clock, ms
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** For tests and tools that have nobody to talk to. */
export const SILENT: Logger = {
  isDebugEnabled: false,
  isEnabled: () => false,
  log: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
