/** RFC 3339 timestamps, as event history and the meta API speak them. */

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** `wall`: milliseconds since the epoch. */
export function toTimestamp(wall: number): string {
  return new Date(wall).toISOString();
}

/** Milliseconds since the epoch (with their fraction), or undefined for anything that is not RFC 3339. */
export function parseTimestamp(text: string): number | undefined {
  const parts = RFC3339.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60) return undefined; // 60: a leap second
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = parseOffset(parts[8], Number(parts[9] ?? 0), Number(parts[10] ?? 0));
  if (offset === undefined) return undefined;
  const fractionMs = Number(`0.${parts[7] ?? 0}`) * 1000;
  return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fractionMs;
}

/** In minutes. */
function parseOffset(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
}
