/** Text in columns, and what may go into a cell. */

export function columns(lines: readonly (readonly (string | number)[])[]): readonly string[] {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => `${line[i]}`.length)));
  return lines.map((line) =>
    line
      .map((cell, i) => `${cell}`.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
