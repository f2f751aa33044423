/**
 * The one place where log fields are made safe: secrets blanked by the name of their field, depth, breadth and length
 * bounded, errors unfolded, binaries reduced to their size. Pure, never throws, whatever it is given.
 */
import type { LogFields } from './logger.ts';

export const BLANKED = '[secret]';
const CUT = '[deeper]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 64;
const MAX_CHARACTERS = 2048;
const MAX_STACK_CHARACTERS = 8192;

/** A field with one of these words in its name is a secret. */
const SECRET_WORDS = new Set([
  'ticket',
  'tickets',
  'password',
  'passwd',
  'passphrase',
  'secret',
  'secrets',
  'signature',
  'authorization',
  'cookie',
  'cookies',
  'token',
  'tokens',
  'credential',
  'credentials',
  'privkey',
  'nonce',
  'salt',
]);

/** `key` alone is usually a name; together with these it is a secret. */
const SECRET_NAMES = new Set(['key', 'private_key', 'api_key', 'secret_key', 'access_key']);

export function blankFields(fields: LogFields): LogFields {
  return blankEntries(fields, 0, new Set());
}

export function isSecretName(name: string): boolean {
  const words = name
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (words.some((word) => SECRET_WORDS.has(word))) return true;
  return SECRET_NAMES.has(words.join('_')) || SECRET_NAMES.has(words.slice(-2).join('_'));
}

function blankEntries(source: object, depth: number, above: Set<object>): LogFields {
  const blanked: Record<string, unknown> = Object.create(null);
  const names = Object.keys(source);
  for (const name of names.slice(0, MAX_ITEMS)) {
    const value = isSecretName(name) ? BLANKED : blank(valueOf(source, name), depth, above);
    if (value !== undefined) blanked[short(name, 128)] = value;
  }
  if (names.length > MAX_ITEMS) blanked['more'] = names.length - MAX_ITEMS;
  return blanked;
}

function blank(value: unknown, depth: number, above: Set<object>): unknown {
  switch (typeof value) {
    case 'string':
      return short(value, MAX_CHARACTERS);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return short(value.toString(), MAX_CHARACTERS);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : blankObject(value, depth + 1, above);
    default:
      return `[${typeof value}]`;
  }
}

function blankObject(value: object, depth: number, above: Set<object>): unknown {
  if (value instanceof Error) return blankError(value, depth, above);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth > MAX_DEPTH || above.has(value)) return CUT;
  const path = new Set(above).add(value);
  if (Array.isArray(value) || value instanceof Set) return blankItems([...value], depth, path);
  if (value instanceof Map) return blankMap(value, depth, path);
  // A value that knows how to be said, such as a Secret.
  if (hasOwnWords(value)) return blank(wordsOf(value), depth, path);
  return blankEntries(value, depth, path);
}

function blankItems(items: readonly unknown[], depth: number, above: Set<object>): unknown[] {
  const shown = items.slice(0, MAX_ITEMS).map((item) => blank(item, depth, above) ?? null);
  return items.length > MAX_ITEMS ? [...shown, `[${items.length - MAX_ITEMS} more]`] : shown;
}

function blankMap(
  map: ReadonlyMap<unknown, unknown>,
  depth: number,
  above: Set<object>,
): LogFields {
  const pairs = [...map].map(([name, value]) => [String(name), value] as const);
  return blankEntries(Object.fromEntries(pairs), depth, above);
}

function blankError(error: Error, depth: number, above: Set<object>): LogFields {
  const { name, message, stack } = error;
  const code: unknown = valueOf(error, 'code');
  const cause =
    error.cause === undefined || above.has(error) || depth > MAX_DEPTH
      ? undefined
      : blank(error.cause, depth, new Set(above).add(error));
  return {
    name: short(String(name), 128),
    message: short(String(message), MAX_CHARACTERS),
    ...(typeof code === 'string' ? { code: short(code, 128) } : {}),
    ...(typeof stack === 'string' ? { stack: short(stack, MAX_STACK_CHARACTERS) } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

function hasOwnWords(value: object): value is { toJSON(): unknown } {
  return typeof valueOf(value, 'toJSON') === 'function';
}

function wordsOf(value: { toJSON(): unknown }): unknown {
  try {
    return value.toJSON();
  } catch {
    return '[unprintable]';
  }
}

/** A getter may throw; a log call must not. */
function valueOf(source: object, name: string): unknown {
  try {
    return (source as Record<string, unknown>)[name];
  } catch {
    return '[unprintable]';
  }
}

function short(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}
