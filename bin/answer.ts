/** Reads JSON of whoever answered: fields that may be missing or of another kind, and texts that a terminal may show. */
import { printable } from './ask-node.ts';

export type Fields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 200;

/** Without fields when it is no object. */
export function parseFields(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {}; // not JSON
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

export function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : printable(String(value).slice(0, MAX_TEXT));
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
