/** `bondy.source.*`, `bondy.grant.*`, `bondy.rbac.*` */
import { Type } from '@sinclair/typebox';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { Explanation, SourceRecord, Subject } from '../../security/api.ts';
import { fold, networkText, parseAddress, parseNetwork } from '../../security/api.ts';
import { apiError } from '../errors.ts';
import {
  Cidr,
  Grant,
  GrantDocument,
  grantViews,
  Source,
  SourceDocument,
  sourceView,
} from '../documents/access.ts';
import { Authmethod, Match, NameText, Uri } from '../documents/names.ts';
import type { Operation } from '../operation.ts';
import { NOTHING, operation } from '../operation.ts';
import { addSource, putGrant } from '../plan/access.ts';
import { UNDATED } from '../plan/draft.ts';
import { TOPICS } from '../topics.ts';
import type { Topic } from './changing.ts';
import { draftFor, nothing, store, storeRecords } from './changing.ts';

export const sourceOperations: readonly Operation[] = [
  operation({
    uri: 'bondy.source.add',
    access: 'realm',
    isChange: true,
    summary:
      'Lets users authenticate by a method from a network. Without `cidr` from every IPv4 address.',
    args: { source: SourceDocument },
    document: 'source',
    result: Type.Array(Source),
    run(request, done) {
      const draft = draftFor(request);
      addSource(draft, [], request.args.source);
      const made = draft.records.filter((record) => record.kind === 'source');
      const topics = made.map((source) => sourceTopic(source, TOPICS.sourceAdded));
      const all = usernamesOf(request.args.source.usernames);
      const answer = () => ({
        value: [...request.ports.inventory.sources(request.realm)]
          .filter(
            ({ username, authmethod }) =>
              all.includes(username) && authmethod === request.args.source.authmethod,
          )
          .map(sourceView),
      });
      store(request, draft, topics, answer, done);
    },
  }),
  operation({
    uri: 'bondy.source.delete',
    access: 'realm',
    isChange: true,
    summary:
      'Takes back what a user (or `all`, `anonymous`) may use from this network; all methods, or one.',
    args: { username: NameText, cidr: Cidr, authmethod: Type.Optional(Authmethod) },
    run(request, done) {
      const { realm, args, ports } = request;
      const network = parseNetwork(args.cidr);
      if (!network) {
        const error = apiError('invalidData', 'cidr: is not an IP network');
        return done({ error: { ...error, path: 'cidr' } });
      }
      const cidr = networkText(network);
      const username = fold(args.username);
      const found = [...ports.inventory.sources(realm)].filter(
        (source) =>
          source.username === username &&
          source.cidr === cidr &&
          (args.authmethod === undefined || source.authmethod === args.authmethod),
      );
      if (found.length === 0) {
        return done({ error: apiError('notFound', `no source of ${username} from ${cidr}`) });
      }
      const topics = found.map((source) => sourceTopic(source, TOPICS.sourceDeleted));
      const gone = found.map((source) => ({ ...source, ...UNDATED, held: false }));
      storeRecords(request, gone, topics, nothing, done);
    },
  }),
  operation({
    uri: 'bondy.source.list',
    access: 'realm',
    summary: 'All sources of the realm, without those of its prototype.',
    pageBy: ['username', 'cidr', 'authmethod'],
    result: Type.Array(Source),
    run: ({ realm, ports }, done) =>
      done({ value: [...ports.inventory.sources(realm)].map(sourceView) }),
  }),
  operation({
    uri: 'bondy.source.get',
    access: 'realm',
    summary: 'The sources of a user (or of `all`, `anonymous`).',
    args: { username: NameText },
    result: Type.Array(Source),
    run({ realm, args, ports }, done) {
      const username = fold(args.username);
      const own = [...ports.inventory.sources(realm)].filter((one) => one.username === username);
      done({ value: own.map(sourceView) });
    },
  }),
  operation({
    uri: 'bondy.source.match',
    access: 'realm',
    summary:
      'The methods a user may use from an address, the most specific source first; without one, its sources.',
    args: { username: NameText, address: Type.Optional(Type.String({ maxLength: 64 })) },
    result: Type.Union([Type.Array(Authmethod), Type.Array(Source)]),
    run({ realm, args, ports }, done) {
      const username = fold(args.username);
      const { address } = args;
      if (address === undefined) {
        const sources = [...ports.inventory.sources(realm)];
        const own = sources.filter((one) => one.username === username || one.username === 'all');
        return done({ value: own.map(sourceView) });
      }
      if (!parseAddress(address)) {
        const error = apiError('invalidData', 'address: is not an IP address');
        return done({ error: { ...error, path: 'address' } });
      }
      done({ value: ports.policy.methodsFrom(realm, username, address) });
    },
  }),
];

export const grantOperations: readonly Operation[] = [
  granting('create', true),
  granting('revoke', false),
  operation({
    uri: 'bondy.grant.list',
    access: 'realm',
    summary: 'All grants of the realm, without those of its prototype.',
    pageBy: ['resource', 'roles', 'permissions'],
    result: Type.Array(Grant),
    run: ({ realm, ports }, done) => done({ value: grantViews(ports.inventory.grants(realm)) }),
  }),
];

const question = {
  authid: NameText,
  permission: Uri,
  resource: Type.String({ maxLength: 1_024 }),
  match: Type.Optional(Match),
};

export const rbacOperations: readonly Operation[] = [
  operation({
    uri: 'bondy.rbac.authorize',
    access: 'realm',
    summary: 'Whether a user (or `anonymous`) has a permission on a resource.',
    args: question,
    result: Type.Boolean(),
    run({ realm, args, ports }, done) {
      const subject = subjectOf(args.authid);
      const { permission, resource, match = 'exact' } = args;
      done({ value: ports.policy.allows(realm, subject, permission, resource, match) });
    },
  }),
  operation({
    uri: 'bondy.rbac.explain',
    access: 'realm',
    summary:
      'Why a user (or `anonymous`) has a permission on a resource, or has not, step by step.',
    args: question,
    result: Type.Object({
      allowed: Type.Boolean(),
      reason: Type.String(),
      roles: Type.Array(Type.String()),
      steps: Type.Array(Type.Object({}, { additionalProperties: true })),
      omitted: Type.Integer(),
    }),
    run({ realm, args, ports }, done) {
      const { permission, resource, match = 'exact' } = args;
      const subject = subjectOf(args.authid);
      const found = ports.policy.explain(realm, subject, permission, resource, match);
      done({ value: explanationView(found) });
    },
  }),
];

function granting(word: 'create' | 'revoke', held: boolean): Operation {
  return operation({
    uri: `bondy.grant.${word}`,
    access: 'realm',
    isChange: true,
    summary: held
      ? 'Grants permissions on resources to roles: `all`, users and groups. `any`, an empty URI and `*` as in Bondy; a match that is not given is derived.'
      : 'Revokes what was granted. Between concurrent edits revocation wins.',
    args: { grant: GrantDocument },
    document: 'grant',
    run(request, done) {
      const { realm, args } = request;
      const draft = draftFor(request);
      putGrant(draft, [], args.grant, held);
      const topic = held ? TOPICS.grantCreated : TOPICS.grantRevoked;
      const topics = [{ realm, topic, args: [realm, args.grant as Dict] }];
      store(request, draft, topics, () => NOTHING, done);
    },
  });
}

function subjectOf(authid: string): Subject {
  const username = fold(authid);
  return { username: username === 'anonymous' ? undefined : username, groups: undefined };
}

function explanationView({ allowed, reason, roles, steps, omitted }: Explanation): Dict {
  return { allowed, reason, roles, steps: steps.map((step) => ({ ...step })), omitted };
}

function sourceTopic(source: SourceRecord, topic: string): Topic {
  const { realm, username, cidr, authmethod } = source;
  return { realm, topic, args: [realm, username, cidr, authmethod] };
}

function usernamesOf(given: 'all' | readonly string[]): readonly string[] {
  return given === 'all' ? ['all'] : given.map(fold);
}
