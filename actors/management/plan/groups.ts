/** Groups as records. They are in groups themselves, but never in a circle. */
import { fold, whyNoGroupName } from '../../security/api.ts';
import type { EffectiveGroup } from '../../security/api.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { GroupDocument, GroupUpdate } from '../documents/user.ts';
import type { Draft, Path } from './draft.ts';
import { metaFrom, UNDATED } from './draft.ts';

/** In any order: those they are in may come later. */
export function addGroups(draft: Draft, path: Path, documents: readonly GroupDocument[]): void {
  const good: { readonly at: Path; readonly name: string; readonly document: GroupDocument }[] = [];
  for (const [i, document] of documents.entries()) {
    const at = [...path, i];
    const name = nameFrom(draft, at, document.name);
    if (name === undefined) continue;
    draft.addGroup(name, (document.groups ?? []).map(fold));
    good.push({ at, name, document });
  }
  for (const { at, name, document } of good) putNew(draft, at, name, document);
}

export function addGroup(draft: Draft, path: Path, document: GroupDocument): void {
  const name = nameFrom(draft, path, document.name);
  if (name === undefined) return;
  draft.addGroup(name, (document.groups ?? []).map(fold));
  putNew(draft, path, name, document);
}

export function updateGroup(
  draft: Draft,
  path: Path,
  before: EffectiveGroup,
  { groups, meta }: GroupUpdate,
): void {
  const { name } = before;
  if (groups) draft.addGroup(name, groups.map(fold));
  if (meta) putGroup(draft, name, metaFrom(draft, [...path, 'meta'], meta) ?? {});
  if (groups) putParents(draft, path, name, before.groups, groups);
}

function nameFrom(draft: Draft, path: Path, given: string): string | undefined {
  const name = fold(given);
  const why = whyNoGroupName(name);
  if (why !== undefined) {
    draft.wrong(
      [...path, 'name'],
      why,
      why.includes('reserved') ? 'reservedName' : 'invalidArgument',
    );
    return undefined;
  }
  // A prototype's group may be hidden by one of the same name.
  if (draft.hasOwnGroup(name)) {
    draft.wrong([...path, 'name'], `there is a group ${name}`, 'alreadyExists');
    return undefined;
  }
  return name;
}

function putNew(draft: Draft, path: Path, name: string, { groups, meta }: GroupDocument): void {
  putGroup(draft, name, metaFrom(draft, [...path, 'meta'], meta) ?? {});
  putParents(draft, path, name, [], groups ?? []);
}

function putGroup(draft: Draft, name: string, meta: Dict): void {
  const { realm } = draft;
  draft.put([name], { kind: 'group', ...UNDATED, since: 0, realm, name, meta });
}

function putParents(
  draft: Draft,
  path: Path,
  name: string,
  before: readonly string[],
  given: readonly string[],
): void {
  const parents = draft.groupsFrom([...path, 'groups'], given);
  for (const [i, parent] of given.entries()) {
    const circle = wayBack(draft, fold(parent), name);
    if (!circle) continue;
    const names = [name, ...circle].join(' in ');
    draft.wrong([...path, 'groups', i], `would close a circle: ${names}`, 'inconsistency');
  }
  draft.membership('group', name, before, parents);
}

/** From a group by its parents to another one. */
function wayBack(draft: Draft, from: string, to: string): readonly string[] | undefined {
  const seen = new Set<string>();
  const search = (name: string): readonly string[] | undefined => {
    if (name === to) return [name];
    if (seen.has(name)) return undefined;
    seen.add(name);
    for (const parent of draft.parentsOf(name)) {
      const rest = search(parent);
      if (rest) return [name, ...rest];
    }
    return undefined;
  };
  return search(from);
}
