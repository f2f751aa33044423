/** Numbers with units, switches and words. Sizes are powers of 1024, as in Bondy. */
import { Refused, notA, simpleType } from './type.ts';
import type { Type } from './type.ts';

const SWITCH = new Map([
  ['on', true],
  ['true', true],
  ['off', false],
  ['false', false],
]);

export const onOff: Type<boolean> = simpleType(
  { name: 'on/off', advice: 'Write on or off.', show: (value) => (value ? 'on' : 'off') },
  (text) => SWITCH.get(text.toLowerCase()),
);

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function integer({ min, max }: Range): Type<number> {
  return ranged(
    { name: 'integer', min, max, show: String },
    `Write a whole number from ${min} to ${max}.`,
    (text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : undefined),
  );
}

export const port: Type<number> = {
  ...integer({ min: 0, max: 65535 }),
  name: 'port, 0 to 65535',
};

/** A number with decimals, for ratios and fractions of milliseconds. */
export function decimal({ min, max }: Range): Type<number> {
  return ranged(
    { name: 'number', min, max, show: String },
    `Write a number from ${min} to ${max}.`,
    (text) => (/^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
  );
}

const MILLISECONDS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(\d{1,15}(ms|s|m|h|d|w))+$/;

/** In milliseconds. `min` and `max` too. */
export function duration({ min, max }: Range): Type<number> {
  return ranged(
    { name: 'duration', min, max, show: showDuration },
    `Write a number with a unit (ms, s, m, h, d, w), from ${showDuration(min)} to ${showDuration(max)}.`,
    (text) => {
      if (!DURATION.test(text)) return undefined;
      const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d|w)/g)];
      return parts.reduce(
        (sum, [, count, unit]) =>
          sum + Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS],
        0,
      );
    },
  );
}

export function showDuration(ms: number): string {
  return ms === 0 ? '0s' : withUnit(ms, MILLISECONDS);
}

const BYTES = { GB: 1024 ** 3, MB: 1024 ** 2, KB: 1024, B: 1 };

/** In bytes. `min` and `max` too. */
export function byteSize({ min, max }: Range): Type<number> {
  return ranged(
    { name: 'byte size', min, max, show: showByteSize },
    `Write a number with a unit (B, KB, MB, GB), from ${showByteSize(min)} to ${showByteSize(max)}.`,
    (text) => {
      const [, count, unit] = /^(\d{1,15})(B|KB|MB|GB)?$/i.exec(text) ?? [];
      if (count === undefined) return undefined;
      return Number(count) * BYTES[(unit ?? 'B').toUpperCase() as keyof typeof BYTES];
    },
  );
}

export function showByteSize(bytes: number): string {
  return bytes === 0 ? '0B' : withUnit(bytes, BYTES);
}

/** One of some words. `aliases` are read and shown as the word they stand for. */
export function oneOf<const T extends string>(
  words: readonly T[],
  aliases: Readonly<Record<string, T>> = {},
): Type<T> {
  return {
    name: `one of ${words.join(', ')}`,
    isSecret: false,
    show: (value) => value,
    parse(text) {
      const alias = Object.hasOwn(aliases, text) ? aliases[text] : undefined;
      const word = words.find((known) => known === text) ?? alias;
      return word ?? new Refused(notA(text, 'known word'), `Write one of: ${words.join(', ')}.`);
    },
  };
}

export interface TextRule {
  /** For the documentation: `WAMP URI`. */
  readonly name?: string;
  readonly pattern?: RegExp;
  /** What the pattern means, for people. */
  readonly advice?: string;
  /** Characters. */
  readonly max?: number;
}

export function text({ name = 'text', pattern, advice, max = 1024 }: TextRule = {}): Type<string> {
  return {
    name,
    isSecret: false,
    show: (value) => value,
    parse(written) {
      if (written === '') return new Refused('has no value', 'Write one, or remove the line.');
      if (written.length > max) {
        return new Refused(`has ${written.length} characters`, `Write at most ${max} of them.`);
      }
      if (pattern && !pattern.test(written)) {
        return new Refused(notA(written, name), advice ?? 'Look it up in docs/configuration.md.');
      }
      return written;
    },
  };
}

interface Ranged extends Range {
  readonly name: string;
  readonly show: (value: number) => string;
}

function ranged(
  { name, min, max, show }: Ranged,
  advice: string,
  read: (text: string) => number | undefined,
): Type<number> {
  return {
    name: `${name}, ${show(min)} to ${show(max)}`,
    isSecret: false,
    show,
    parse(text) {
      const value = read(text);
      if (value === undefined) return new Refused(notA(text, name), advice);
      if (value < min) return new Refused(`${text} is too low`, advice);
      if (value > max) return new Refused(`${text} is too high`, advice);
      return value;
    },
  };
}

/** The largest unit that says it without a fraction. */
function withUnit(value: number, units: Readonly<Record<string, number>>): string {
  const [unit, size] = Object.entries(units).find(([, size]) => value % size === 0) ?? ['', 1];
  return `${value / size}${unit}`;
}
