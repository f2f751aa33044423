/** What a SIGHUP cannot bring into effect. */
import type { LoadedConfig } from '../../supervisors/config.ts';

/** Keys whose value changed although only a restart applies them. A changed secret shows no difference here. */
export function changesThatNeedARestart(
  before: Pick<LoadedConfig, 'settings'>,
  after: Pick<LoadedConfig, 'settings'>,
): readonly string[] {
  const old = new Map(before.settings.map(({ key, shown }) => [key, shown]));
  const now = new Map(after.settings.map(({ key, shown }) => [key, shown]));
  const reloadable = new Set(
    [...before.settings, ...after.settings]
      .filter(({ isReloadable }) => isReloadable)
      .map(({ key }) => key),
  );
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => !reloadable.has(key) && old.get(key) !== now.get(key),
  );
}
