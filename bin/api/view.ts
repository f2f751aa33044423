/** What the admin API answers, for people: a list as a table, one thing as its fields. */
import { fieldsOf, textOf } from '../answer.ts';
import { columns } from '../columns.ts';

/** `shown`: `title=path.to.field`, or the field alone. */
export function drawList(rows: readonly unknown[], shown: readonly string[]): string {
  if (rows.length === 0) return 'There are none.';
  const pairs = shown.map((column) => column.split('=') as [string, string?]);
  const lines = rows.map((row) =>
    pairs.map(([title, path = title]) => cellOf(path, valueIn(row, path))),
  );
  return columns([pairs.map(([title]) => title.toUpperCase()), ...lines]).join('\n');
}

export function drawOne(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return cell(value);
  const lines = Object.entries(fieldsOf(value)).flatMap(([name, field]) =>
    partsOf(field).map((part, i) => [i === 0 ? textOf(name) : '', cell(part)]),
  );
  return lines.length === 0 ? 'Nothing.' : columns(lines).join('\n');
}

/** A line for each of several objects: the steps of an explanation, the keys of a realm. */
function partsOf(field: unknown): readonly unknown[] {
  const isLong = Array.isArray(field) && field.some((each) => each instanceof Object);
  return isLong ? field : [field];
}

/** Of dates that JavaScript knows. */
const MAX_SECONDS = 8_640_000_000_000;

/** Where it is a time, it is seconds since 1970. */
function cellOf(path: string, value: unknown): string {
  const isTime = path.endsWith('_at') && Number.isInteger(value) && Number(value) <= MAX_SECONDS;
  return isTime ? new Date(Number(value) * 1_000).toISOString() : cell(value);
}

function valueIn(row: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => fieldsOf(value)[name], row);
}

/** Objects in short: `{uri, match}` of a resource is what it reads like. */
function cell(value: unknown): string {
  if (Array.isArray(value)) return value.map(cell).join(', ') || '-';
  if (typeof value !== 'object' || value === null) return textOf(value) || '-';
  const entries = Object.entries(value);
  return entries.map(([name, field]) => `${textOf(name)}=${cell(field)}`).join(' ') || '-';
}
