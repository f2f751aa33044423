/** Settings from the command line: `--set key=value`, as often as needed. */
import type { Parsed } from './conf-file.ts';
import { readLine } from './conf-file.ts';
import type { Entry } from './entry.ts';
import type { Mistake } from './mistake.ts';

export function parseFlags(flags: readonly string[], base: string): Parsed {
  const entries: Entry[] = [];
  const mistakes: Mistake[] = [];
  flags.forEach((flag, index) => {
    const setting = readLine(flag);
    if (setting === undefined) {
      const advice = 'Write --set key=value.';
      mistakes.push({ where: `--set number ${index + 1}`, problem: 'is empty', advice });
    } else if ('problem' in setting) {
      mistakes.push({ where: `--set number ${index + 1}`, ...setting });
    } else {
      entries.push({ ...setting, source: 'flag', where: `--set ${setting.key}`, base });
    }
  });
  return { entries, mistakes };
}
