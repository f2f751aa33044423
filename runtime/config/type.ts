/**
 * The kinds of value a key can have. A type reads text and says what it expected when it cannot; it never throws.
 * Units are part of the value (`10s`, `4MB`), so that no reader has to guess them.
 */
import { quote } from './mistake.ts';

/** The text is not a value of this type. */
export class Refused {
  readonly problem: string;
  readonly advice: string;
  constructor(problem: string, advice: string) {
    this.problem = problem;
    this.advice = advice;
  }
}

/** The files a value may name. A port, so that tests need no disk. */
export interface Files {
  /** Undefined: no such file, or not readable. */
  read(path: string): string | undefined;
}

export interface ParseContext {
  /** Relative paths start here: the folder of the configuration file, or the working directory. */
  readonly base: string;
  readonly files: Files;
}

export interface Type<T> {
  /** For the documentation: `duration, 1s to 1h`. */
  readonly name: string;
  /** Its text is never printed. */
  readonly isSecret: boolean;
  parse(text: string, context: ParseContext): T | Refused;
  /** As it would be written in the file. */
  show(value: T): string;
}

interface Plain<T> {
  readonly name: string;
  readonly advice: string;
  readonly show?: (value: T) => string;
}

/** A type from a function that answers undefined for what it cannot read. */
export function simpleType<T>(
  { name, advice, show = String }: Plain<T>,
  read: (text: string, context: ParseContext) => T | undefined,
): Type<T> {
  return {
    name,
    isSecret: false,
    parse: (text, context) => read(text, context) ?? new Refused(notA(text, name), advice),
    show,
  };
}

/** `"10x" is not a duration`, with what the name adds after a comma left to the advice. */
export function notA(text: string, name: string): string {
  if (text === '') return 'has no value';
  const noun = name.split(',')[0];
  return `${quote(text)} is not ${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** The same type, where leaving the key out means "none". */
export function optional<T>(type: Type<T>): Type<T | undefined> {
  return { ...type, show: (value) => (value === undefined ? '' : type.show(value)) };
}

/** Several values with commas between them; no text, no values. */
export function list<T>(type: Type<T>, maxItems = 1000): Type<readonly T[]> {
  return {
    name: `list of ${type.name}`,
    isSecret: type.isSecret,
    show: (values) => values.map((value) => type.show(value)).join(', '),
    parse(text, context) {
      if (text === '') return [];
      const parts = text.split(',').map((part) => part.trim());
      if (parts.length > maxItems) {
        return new Refused(`has ${parts.length} items`, `Give at most ${maxItems}.`);
      }
      const values: T[] = [];
      for (const part of parts) {
        if (part === '') return new Refused('has an empty item', 'Remove the comma too many.');
        const value = type.parse(part, context);
        if (value instanceof Refused) return value;
        values.push(value);
      }
      return values;
    },
  };
}
