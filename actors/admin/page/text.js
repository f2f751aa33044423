/** Numbers and times for people, and elements made without HTML: names of actors are never markup. */

const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** 12 → `12`, 1234567 → `1.2M`. */
export function count(value) {
  return value < 100_000 ? whole.format(value) : compact.format(value);
}

/** Messages per second; under ten with one decimal. */
export function rate(value) {
  if (value === 0) return '0';
  return value < 10 ? value.toFixed(1) : count(Math.round(value));
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** 512 → `512 B`, 1536 → `1.5 KB`; a unit is 1,024 of the one before. */
export function bytes(value) {
  let unit = 0;
  let size = value;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** A round trip: `0.42 ms`, `12.3 ms`, `250 ms`. */
export function milliseconds(value) {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

/** `–` for what is not known. */
export function orNone(value, format) {
  return value === null || value === undefined ? '–' : format(value);
}

/** `850 ms`, `12 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`. */
export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return `${Math.max(0, Math.round(ms))} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `cooling_down` → `cooling down`. */
export function words(snakeCase) {
  return snakeCase.replaceAll('_', ' ');
}

export function clockTime(wallMs) {
  return new Date(wallMs).toLocaleTimeString('en-GB');
}

/** Sets text only when it changes, so that selections and screen readers are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An element with a class, text and attributes. */
export function make(tag, className, text, attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
