/**
 * Secrets: values that cannot be printed by accident. Written as text, or as `@file:PATH` so that the text stands in
 * a file of its own (a Docker or Kubernetes secret).
 */
import { resolve } from 'node:path';
import { quote } from './mistake.ts';
import { Refused } from './type.ts';
import type { Type } from './type.ts';

export const BLANKED = '[secret]';

/** Only `reveal()` says it; every way of printing it shows `[secret]`. */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }
  toString(): string {
    return BLANKED;
  }
  toJSON(): string {
    return BLANKED;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return BLANKED;
  }
}

export const FROM_FILE = '@file:';
const MAX_CHARACTERS = 64 * 1024;

export const secret: Type<Secret> = {
  name: 'secret',
  isSecret: true,
  show: () => BLANKED,
  parse(text, context) {
    if (!text.startsWith(FROM_FILE)) return checked(text, 'has no value');
    const path = resolve(context.base, text.slice(FROM_FILE.length));
    const content = context.files.read(path);
    if (content === undefined) {
      return new Refused(
        `the secret's file ${quote(path)} cannot be read`,
        'Check that it exists and that this user may read it.',
      );
    }
    return checked(content.replace(/\r?\n$/, ''), `the secret's file ${quote(path)} is empty`);
  },
};

function checked(text: string, whenEmpty: string): Secret | Refused {
  if (text === '') return new Refused(whenEmpty, `Write the secret, or ${FROM_FILE}PATH.`);
  if (text.length > MAX_CHARACTERS) {
    return new Refused('the secret is too long', `Use at most ${MAX_CHARACTERS} characters.`);
  }
  return new Secret(text);
}
