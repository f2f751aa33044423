/** `bondy.group.*` */
import { Type } from '@sinclair/typebox';
import type { EffectiveGroup } from '../../security/api.ts';
import { fold } from '../../security/api.ts';
import type { ApiError } from '../errors.ts';
import { apiError } from '../errors.ts';
import { Grant, grantViews } from '../documents/access.ts';
import { NameOrNames, NameText } from '../documents/names.ts';
import { Group, GroupDocument, GroupUpdate, groupView } from '../documents/user.ts';
import type { Operation, Outcome } from '../operation.ts';
import { operation } from '../operation.ts';
import { UNDATED } from '../plan/draft.ts';
import { addGroup, updateGroup } from '../plan/groups.ts';
import type { ManagementPorts } from '../ports.ts';
import { TOPICS } from '../topics.ts';
import type { Topic } from './changing.ts';
import { draftFor, nothing, store, storeRecords } from './changing.ts';

const name = { name: NameText };
/** Everybody who has not logged in: there without a row. */
const ANONYMOUS = 'anonymous';

export const groupOperations: readonly Operation[] = [
  operation({
    uri: 'bondy.group.add',
    access: 'realm',
    isChange: true,
    summary: 'Adds a group.',
    args: { group: GroupDocument },
    document: 'group',
    result: Group,
    run(request, done) {
      const { realm, args, ports } = request;
      const draft = draftFor(request);
      addGroup(draft, [], args.group);
      const added = fold(args.group.name);
      const topics = [{ realm, topic: TOPICS.groupAdded, args: [realm, added] }];
      store(request, draft, topics, () => shown(ports, realm, added), done);
    },
  }),
  operation({
    uri: 'bondy.group.update',
    access: 'realm',
    isChange: true,
    summary: 'Changes the fields that are given.',
    args: { ...name, group: GroupUpdate },
    document: 'group',
    result: Group,
    run(request, done) {
      const { realm, args, ports } = request;
      const before = ports.inventory.group(realm, args.name);
      if (!before) return done({ error: noGroup(args.name) });
      const draft = draftFor(request);
      updateGroup(draft, [], before, args.group);
      const topics = [groupTopic(before, TOPICS.groupUpdated)];
      store(request, draft, topics, () => shown(ports, realm, before.name), done);
    },
  }),
  operation({
    uri: 'bondy.group.get',
    access: 'realm',
    summary: 'A group.',
    args: name,
    result: Group,
    run: ({ realm, args, ports }, done) => done(shown(ports, realm, args.name)),
  }),
  operation({
    uri: 'bondy.group.list',
    access: 'realm',
    summary: 'All groups of the realm, without those of its prototype.',
    pageBy: ['name'],
    result: Type.Array(Group),
    run({ realm, ports }, done) {
      const groups = [...ports.inventory.groups(realm)];
      groups.sort((a, b) => (a.name < b.name ? -1 : 1));
      const anonymous = { name: ANONYMOUS, groups: [], meta: {} };
      done({ value: [anonymous, ...groups].map(groupView) });
    },
  }),
  operation({
    uri: 'bondy.group.delete',
    access: 'realm',
    isChange: true,
    summary:
      'Deletes a group: nobody is in it any more, and what was granted to it is not granted.',
    args: name,
    run(request, done) {
      const { realm, args, ports } = request;
      const before = ports.inventory.group(realm, args.name);
      if (!before) return done({ error: noGroup(args.name) });
      const { meta } = before;
      const gone = {
        kind: 'group',
        ...UNDATED,
        held: false,
        since: 0,
        realm,
        name: before.name,
        meta,
      } as const;
      storeRecords(request, [gone], [groupTopic(before, TOPICS.groupDeleted)], nothing, done);
    },
  }),
  parenting('add_group', NameText, true),
  parenting('add_groups', NameOrNames, true),
  parenting('remove_group', NameText, false),
  parenting('remove_groups', NameOrNames, false),
  operation({
    uri: 'bondy.group.grants',
    access: 'realm',
    summary: 'What is granted to the group itself.',
    args: name,
    result: Type.Array(Grant),
    run({ realm, args, ports }, done) {
      const group = fold(args.name);
      if (group !== ANONYMOUS && !ports.inventory.hasGroup(realm, group)) {
        return done({ error: noGroup(group) });
      }
      done({ value: grantViews(ports.inventory.grantsOf(realm, `group/${group}`)) });
    },
  }),
];

function parenting(
  word: string,
  schema: typeof NameOrNames | typeof NameText,
  isAdded: boolean,
): Operation {
  return operation({
    uri: `bondy.group.${word}`,
    access: 'realm',
    isChange: true,
    summary: isAdded ? 'Puts a group into others.' : 'Takes a group out of others.',
    args: { ...name, groups: schema },
    run(request, done) {
      const { realm, args, ports } = request;
      const before = ports.inventory.group(realm, args.name);
      if (!before) return done({ error: noGroup(args.name) });
      const given = (typeof args.groups === 'string' ? [args.groups] : args.groups).map(fold);
      const groups = isAdded
        ? [...new Set([...before.groups, ...given])]
        : before.groups.filter((each) => !given.includes(each));
      const draft = draftFor(request);
      updateGroup(draft, [], before, { groups });
      store(request, draft, [groupTopic(before, TOPICS.groupUpdated)], nothing, done);
    },
  });
}

function shown(ports: ManagementPorts, realm: string, given: string): Outcome {
  if (fold(given) === ANONYMOUS) {
    return { value: groupView({ name: ANONYMOUS, groups: [], meta: {} }) };
  }
  const group = ports.inventory.group(realm, given);
  return group ? { value: groupView(group) } : { error: noGroup(given) };
}

function groupTopic({ realm, name: group }: EffectiveGroup, topic: string): Topic {
  return { realm, topic, args: [realm, group] };
}

function noGroup(given: string): ApiError {
  return apiError('notFound', `there is no group ${given}`);
}
