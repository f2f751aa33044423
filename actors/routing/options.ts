/**
 * Typed readers of options. Absent and null are the same; a value of another type is the peer's mistake and
 * becomes ERROR `wamp.error.invalid_argument`; keys nobody reads are ignored, as the specification demands.
 */
import type { Dict, Id, Value } from '../../runtime/wamp/message.ts';

const MAX_ID = 2 ** 53;

const MAX_ROUTING_KEY = 256;

/** An option had a type or a value that its key does not allow. */
export class BadOption {
  /** For people: names the key and what was expected. */
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

/**
 * Reads several options and remembers the first mistake, so that a caller checks once:
 * `const read = new OptionReader(options); const acknowledge = read.boolean('acknowledge'); if (read.mistake) ...`
 */
export class OptionReader {
  readonly #options: Dict;
  mistake: BadOption | undefined;

  constructor(options: Dict) {
    this.#options = options;
  }

  boolean(key: string): boolean | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'boolean') return value;
    return this.refuse(key, 'true or false');
  }

  string(key: string): string | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    return this.refuse(key, 'a string');
  }

  /** An integer `low`..`high`. */
  integer(key: string, low = 0, high = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) {
      return value;
    }
    return this.refuse(key, `an integer from ${low} to ${high}`);
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    const found = allowed.find((word) => word === value);
    return found ?? this.refuse(key, `one of ${allowed.join(', ')}`);
  }

  /** A routing key: a string or an integer, as a string. Short, because it is hashed. */
  routingKey(key: string): string | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    const isIntegral = typeof value === 'bigint' || Number.isInteger(value);
    const routingKey = isIntegral ? String(value) : value;
    if (typeof routingKey === 'string' && routingKey.length <= MAX_ROUTING_KEY) return routingKey;
    return this.refuse(key, `an integer or a string of at most ${MAX_ROUTING_KEY} characters`);
  }

  strings(key: string): readonly string[] | undefined {
    return this.#list(key, isString, 'a list of strings');
  }

  ids(key: string): readonly Id[] | undefined {
    return this.#list(key, isId, 'a list of ids');
  }

  #list<T extends Value>(
    key: string,
    is: (value: Value) => value is T,
    expected: string,
  ): readonly T[] | undefined {
    const value = this.#options[key];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.every(is)) return value;
    return this.refuse(key, expected);
  }

  /** Notes that the option is not what it must be. */
  refuse(key: string, expected: string): undefined {
    this.mistake ??= new BadOption(`option ${key} must be ${expected}`);
    return undefined;
  }
}

/** No key at all: lets hot paths skip reading. */
export function isEmpty(options: Dict): boolean {
  for (const key in options) return key === undefined; // the first key decides
  return true;
}

function isString(value: Value): value is string {
  return typeof value === 'string';
}

export function isId(value: Value | undefined): value is Id {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ID;
}
