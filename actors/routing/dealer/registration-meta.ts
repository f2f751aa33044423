/** The procedures `wamp.registration.*` (WAMP advanced/meta_api_registrations.md). */
import type { Dict, Id, Value } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { MATCH_POLICIES } from '../matching/patterns.ts';
import type { MetaProcedure, MetaReply } from '../meta.ts';
import { isId, OptionReader } from '../options.ts';
import { describe } from './registrar.ts';
import type { Registration, Registrations } from './registrations.ts';

/** By URI; give them to the dealer as `procedures`, or answer with `answerMeta`. */
export function registrationProcedures(
  registrations: Registrations,
): Readonly<Record<string, MetaProcedure>> {
  const about = (show: (registration: Registration) => Value): MetaProcedure => {
    return ([id]) => {
      if (!isId(id)) return badArgument('the first argument must be a registration id');
      const registration = registrations.get(id);
      if (!registration) return { error: ERRORS.noSuchRegistration };
      return { args: [show(registration)] };
    };
  };
  return {
    'wamp.registration.list': () => list(registrations),
    'wamp.registration.lookup': (args) => lookup(registrations, args),
    'wamp.registration.match': ([uri]) => {
      if (typeof uri !== 'string') return badArgument('the first argument must be a URI');
      return { args: [registrations.match(uri)?.id ?? null] };
    },
    'wamp.registration.get': about(describe),
    'wamp.registration.list_callees': about(({ callees }) =>
      callees.map(({ member }) => member.id),
    ),
    'wamp.registration.count_callees': about(({ callees }) => callees.length),
  };
}

function list(registrations: Registrations): MetaReply {
  const ids: Record<MatchPolicy, Id[]> = { exact: [], prefix: [], wildcard: [] };
  for (const { match, id } of registrations.all()) ids[match].push(id);
  const lists: Dict = { ...ids };
  return { args: [lists] };
}

function lookup(registrations: Registrations, [uri, options]: readonly Value[]): MetaReply {
  if (typeof uri !== 'string') return badArgument('the first argument must be a URI');
  const isDict = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (!isDict && options !== undefined && options !== null) {
    return badArgument('the second argument must be a dict of options');
  }
  const read = new OptionReader(isDict ? (options as Dict) : {});
  const match = read.oneOf('match', MATCH_POLICIES) ?? 'exact';
  if (read.mistake) return badArgument(read.mistake.detail);
  return { args: [registrations.find(match, uri)?.id ?? null] };
}

function badArgument(detail: string): MetaReply {
  return { error: ERRORS.invalidArgument, detail };
}
