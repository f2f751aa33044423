/** What the admin API answers, for people: a list as a table, one thing as its fields. */
import { fieldsOf, textOf } from '../answer.ts';
import { columns } from '../columns.ts';

export function drawList(rows: readonly unknown[], names: readonly string[]): string {
  if (rows.length === 0) return 'There are none.';
  const lines = rows.map((row) => names.map((name) => cell(valueIn(row, name))));
  return columns([names.map((name) => name.toUpperCase()), ...lines]).join('\n');
}

export function drawOne(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return cell(value);
  const lines = Object.entries(fieldsOf(value)).map(([name, field]) => [textOf(name), cell(field)]);
  return lines.length === 0 ? 'Nothing.' : columns(lines).join('\n');
}

/** A row that is no object is its only column. */
function valueIn(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? fieldsOf(row)[name] : row;
}

/** Objects in short: `{uri, match}` of a resource is what it reads like. */
function cell(value: unknown): string {
  if (Array.isArray(value)) return value.map(cell).join(', ') || '-';
  if (typeof value !== 'object' || value === null) return textOf(value) || '-';
  const entries = Object.entries(value);
  return entries.map(([name, field]) => `${textOf(name)}=${cell(field)}`).join(' ') || '-';
}
