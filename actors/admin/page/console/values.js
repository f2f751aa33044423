/** What people write in a field, and how values are shown in a cell. */
import { Problem } from './problem.js';

/** `a, b c` → `['a', 'b', 'c']`. */
export function listOf(text) {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}

export function namesText(names) {
  return names.length === 0 ? '–' : names.join(', ');
}

/** Empty objects are nothing to look at. */
export function jsonText(value) {
  const text = JSON.stringify(value);
  return text === '{}' ? '–' : text;
}

/** An object; what it is otherwise is refused as of the field `name`. */
export function objectOf(name, text) {
  if (text.trim() === '') return {};
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const message = 'must be a JSON object, for example {"room": 12}';
  throw new Problem(0, message, [{ path: name, message }]);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the reader is told by objectOf
  }
}

/** `2026-01-31T12:00:00.000Z` → `2026-01-31 12:00:00`. */
export function timeText(iso) {
  return typeof iso === 'string' ? iso.slice(0, 19).replace('T', ' ') : '–';
}
