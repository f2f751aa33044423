/**
 * Names of realms, users, aliases and groups: one spelling for all that look the same to Bondy, and which are allowed.
 *
 * Folding is Unicode's, as far as `toLowerCase` goes (which leaves ß, ſ and the final sigma), in NFC. It never maps two
 * letters to one that case folding keeps apart: that would make of one user another.
 */

/** What is wrong with a document, and where: `users[3].groups[0]`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'all',
  'anonymous',
  'any',
  'from',
  'on',
  'to',
]);

export const MIN_USERNAME_BYTES = 3;
export const MAX_NAME_BYTES = 254;
export const MAX_REALM_URI_BYTES = 255;
export const MAX_ALIASES = 5;

/** Of names and of realm URIs. */
export function fold(name: string): string {
  const lower = name.normalize('NFC').toLowerCase();
  return lower.replace(/[ßſς]/g, (letter) => FOLDED[letter]!).normalize('NFC');
}

const FOLDED: Readonly<Record<string, string>> = { ß: 'ss', ſ: 's', ς: 'σ' };

/** Why this cannot name a user; undefined: it can. */
export function whyNoUsername(name: string): string | undefined {
  const bytes = utf8Length(name);
  if (bytes < MIN_USERNAME_BYTES) return `is shorter than ${MIN_USERNAME_BYTES} bytes`;
  return whyNoGroupName(name);
}

export function whyNoGroupName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (utf8Length(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  if (FORBIDDEN.test(name)) return 'has a character that names must not have';
  if (RESERVED_NAMES.has(fold(name))) return 'is a reserved name';
  return undefined;
}

/** As far as it is a name; whether it is a URI is the realm rule's to say. */
export function whyNoRealmName(uri: string): string | undefined {
  if (uri === '') return 'is empty';
  if (utf8Length(uri) > MAX_REALM_URI_BYTES) return `is longer than ${MAX_REALM_URI_BYTES} bytes`;
  if (INVISIBLE.test(uri)) return 'has a character that names must not have';
  return undefined;
}

/** Spaces, controls, what is not seen (a second `admin` with a zero-width joiner), half a surrogate pair. */
const INVISIBLE = /[\p{C}\p{Z}]/u;
/** And what Bondy forbids: octal 074-076 and 0177-0277. */
const FORBIDDEN = /[\p{C}\p{Z}<=>\u007f-\u00bf]/u;

export function problem(path: string, message: string): Problem {
  return { path, message };
}

/** `at('users', 3, 'groups', 0)` is `users[3].groups[0]`. */
export function at(...steps: readonly (string | number)[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** Of well-formed text; a lone surrogate counts like the character that replaces it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
