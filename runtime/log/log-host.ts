/** Makes the node's logger (on winston) and keeps what can be changed while it runs: the level, and the file. */
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import winston from 'winston';
import { blankFields } from './blank.ts';
import { jsonLine, terminalLine } from './format.ts';
import type { Formatter } from './format.ts';
import { LineSink } from './line-sink.ts';
import { LOG_LEVELS } from './logger.ts';
import type { LogFields, LogLevel, LogRecord, Logger } from './logger.ts';

export interface LogConfig {
  readonly level: LogLevel;
  readonly format: 'json' | 'terminal';
  /** Lines go to this file instead of the standard output. */
  readonly file: string | undefined;
}

export interface LogHost {
  readonly logger: Logger;
  setLevel(level: LogLevel): void;
  /** After the file was moved away (logrotate): a new one at the same path. Nothing without a file. */
  reopen(): void;
  /** Resolves when what was logged is written. */
  close(): Promise<void>;
}

/** winston's numbers: lower is more urgent. */
const SEVERITY = { error: 0, warn: 1, info: 2, debug: 3 };

/** `onFailure` hears that the log file cannot be written; it must not log. */
export function createLogHost(
  { level, format: formatName, file }: LogConfig,
  output: Writable & { readonly isTTY?: boolean },
  onFailure: (error: Error) => void,
): LogHost {
  const isColoured = output.isTTY === true && file === undefined && !process.env['NO_COLOR'];
  let opened = file === undefined ? undefined : openFile(file, onFailure);
  const format = formatName === 'json' ? jsonLine : terminalLine({ isColoured });
  const lines = new LineSink(opened ?? output, (count) => droppedLine(format, count));
  const sink = winston.createLogger({
    levels: SEVERITY,
    level: 'debug',
    format: winston.format.printf((carried) => format(carried['record'] as LogRecord)),
    transports: [new winston.transports.Stream({ stream: lines, eol: '\n' })],
  });
  const logger = new WinstonLogger(sink, level);
  /** Settles when no file before the present one has anything left to write. */
  let retired = Promise.resolve();
  return {
    logger,
    setLevel: (changed) => logger.setLevel(changed),
    reopen() {
      if (file === undefined) return;
      const old = opened;
      const next = openFile(file, onFailure);
      next.cork(); // it may be the same file: what was said before goes first
      opened = next;
      lines.redirect(next);
      retired = retired.then(() => ended(old)).then(() => next.uncork());
    },
    close() {
      logger.end();
      return retired.then(() => closed(sink, opened));
    },
  };
}

function droppedLine(format: Formatter, lines: number): string {
  const at = Date.now();
  return `${format({ at, level: 'warn', event: 'log_lines_dropped', fields: { lines } })}\n`;
}

function openFile(path: string, onFailure: (error: Error) => void): WriteStream {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o640 });
  stream.on('error', onFailure);
  return stream;
}

/** A file that cannot be written has reported that already. */
function ended(file: WriteStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (file === undefined || file.destroyed) resolve();
    else file.end(() => resolve());
  });
}

function closed(sink: winston.Logger, file: WriteStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    sink.once('finish', () => {
      void ended(file).then(resolve);
    });
    sink.end();
  });
}

class WinstonLogger implements Logger {
  readonly #sink: winston.Logger;
  #lowest = 0;
  #hasEnded = false;
  isDebugEnabled = false;

  constructor(sink: winston.Logger, level: LogLevel) {
    this.#sink = sink;
    this.setLevel(level);
  }

  setLevel(level: LogLevel): void {
    this.#lowest = LOG_LEVELS.indexOf(level);
    this.isDebugEnabled = level === 'debug';
  }

  /** What comes later has nowhere to go, and is no reason to fail. */
  end(): void {
    this.#hasEnded = true;
  }

  isEnabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#lowest;
  }

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (this.#hasEnded || !this.isEnabled(level)) return;
    const record: LogRecord = { at: Date.now(), level, event, fields: blankFields(fields) };
    this.#sink.log({ level, message: event, record });
  }

  debug(event: string, fields?: LogFields): void {
    if (this.isDebugEnabled) this.log('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.log('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.log('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.log('error', event, fields);
  }
}
