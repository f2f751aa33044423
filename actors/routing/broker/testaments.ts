/**
 * Testaments (WAMP advanced, pubsub_testament): publications a session leaves behind. A session here is never
 * detached without being destroyed, so both buckets are published at its end, `detached` first.
 */
import type { Dict, Id, Payload, Value } from '../../../runtime/wamp/message.ts';
import { EMPTY, retain } from '../../../runtime/wamp/message.ts';
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import { invalidArgument as invalid, isDict, isMissing } from '../arguments.ts';
import type { TestamentsConfig } from '../config.ts';
import type { Rows } from '../effects.ts';
import type { MetaError, MetaProcedure, MetaReply } from '../meta.ts';
import { BadOption } from '../options.ts';
import { isReserved } from '../reserved.ts';
import { weigh } from '../weights.ts';
import { readPublishOptions } from './publication.ts';

export interface Testament {
  readonly topic: string;
  readonly options: Dict;
  readonly payload: Payload;
}

type Scope = 'detached' | 'destroyed';

/** A row: what one session leaves, in the order it was added. */
export interface Testaments {
  readonly session: Id;
  readonly detached: readonly Testament[];
  readonly destroyed: readonly Testament[];
}

export interface TestamentDependencies {
  readonly testaments: Rows<Id, Testaments>;
  readonly config: TestamentsConfig;
  readonly uriRule: UriRule;
  readonly maxUriLength: number;
  readonly authorizer: Pick<Authorizer, 'mayI'> | undefined;
}

const NONE: readonly Testament[] = [];

/** Bytes a testament costs besides what it says. */
const OVERHEAD = 200;

/** Everything the session left, in the order of publication; it is gone from the rows then. */
export function takeTestaments(rows: Rows<Id, Testaments>, session: Id): readonly Testament[] {
  const left = rows.get(session);
  if (!left) return NONE;
  rows.delete(session);
  return [...left.detached, ...left.destroyed];
}

/** `wamp.session.add_testament` and `wamp.session.flush_testaments`. */
export function testamentProcedures(d: TestamentDependencies): Record<string, MetaProcedure> {
  return {
    'wamp.session.add_testament': (args, kwargs, caller) => {
      const scope = readScope(kwargs);
      if (!scope) return invalid('scope must be destroyed or detached');
      const testament = readTestament(d, args, kwargs, caller);
      return 'error' in testament ? testament : add(d, caller.id, scope, testament);
    },
    'wamp.session.flush_testaments': (_args, kwargs, caller) => {
      const scope = readScope(kwargs);
      if (!scope) return invalid('scope must be destroyed or detached');
      const left = d.testaments.get(caller.id);
      if (left) d.testaments.set(caller.id, { ...left, [scope]: NONE });
      return {};
    },
  };
}

function add(
  { testaments, config }: TestamentDependencies,
  session: Id,
  scope: Scope,
  testament: Testament,
): MetaReply {
  const left = testaments.get(session) ?? { session, detached: NONE, destroyed: NONE };
  const all = [...left.detached, ...left.destroyed, testament];
  const bytes = all.reduce((sum, each) => sum + sizeOf(each), 0);
  if (all.length > config.maxPerSession || bytes > config.maxBytesPerSession) {
    return { error: ERRORS.limitExceeded, detail: 'this session leaves too many testaments' };
  }
  testaments.set(session, { ...left, [scope]: [...left[scope], testament] });
  return {};
}

function readTestament(
  { uriRule, maxUriLength, authorizer }: TestamentDependencies,
  [topic, args, kwargs]: readonly Value[],
  named: Dict,
  caller: Member,
): Testament | MetaError {
  if (typeof topic !== 'string') return invalid('the first argument must be a topic');
  if (topic.length > maxUriLength || !isValidUri(topic, uriRule, 'exact') || isReserved(topic)) {
    return { error: ERRORS.invalidUri, detail: 'not a topic that can be published to' };
  }
  if (authorizer && !authorizer.mayI(caller, 'publish', topic, 'exact')) {
    return { error: ERRORS.notAuthorized, detail: 'publishing to this topic is not allowed' };
  }
  if (!isMissing(args) && !Array.isArray(args))
    return invalid('the second argument must be a list');
  if (!isMissing(kwargs) && !isDict(kwargs)) return invalid('the third argument must be a dict');
  const options = named['publish_options'] ?? EMPTY;
  if (!isDict(options)) return invalid('publish_options must be a dict');
  const refusal = refuseOptions(options, caller);
  if (refusal) return refusal;
  const payload = caller.outlet.codec.payload(args ?? [], kwargs ?? undefined);
  // Nobody will be left to be answered.
  return { topic, options: { ...options, acknowledge: false }, payload: retain(payload) };
}

function refuseOptions(value: Dict, caller: Member): MetaError | undefined {
  const options = readPublishOptions(value);
  if (options instanceof BadOption) return invalid(`publish_options: ${options.detail}`);
  if (options.passthru && !caller.features.publisher?.has('payload_passthru_mode')) {
    return { error: ERRORS.featureNotSupported, detail: 'payload_passthru_mode was not announced' };
  }
  return undefined;
}

function readScope({ scope = 'destroyed' }: Dict): Scope | undefined {
  return scope === 'destroyed' || scope === 'detached' ? scope : undefined;
}

function sizeOf({ topic, options, payload }: Testament): number {
  return OVERHEAD + topic.length + weigh(options) + payload.bytes.length;
}
