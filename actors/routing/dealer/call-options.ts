/** CALL.Options, YIELD.Options and what of them becomes INVOCATION.Details and RESULT.Details. */
import type { Dict } from '../../../runtime/wamp/message.ts';
import { EMPTY } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { BadOption } from '../options.ts';
import { isEmpty, OptionReader } from '../options.ts';
import { PASSTHRU, readPassthru } from '../passthru.ts';
import type { Callee, Registration } from './registrations.ts';

export interface CallOptions {
  /** Further chunks follow (progressive call invocations). */
  readonly progress: boolean;
  readonly receiveProgress: boolean;
  /** Ms; undefined: the caller said nothing, 0: it wants no limit. */
  readonly timeoutMs: number | undefined;
  readonly discloseMe: boolean;
  readonly runmode: 'all' | 'partition' | undefined;
  /** What decides between callees (rkey, or Bondy's _routing_key). */
  readonly routingKey: string | undefined;
  /** The ppt_* attributes, when payload passthru mode is in use. */
  readonly passthru: Dict | undefined;
}

const NO_CALL_OPTIONS: CallOptions = {
  progress: false,
  receiveProgress: false,
  timeoutMs: undefined,
  discloseMe: false,
  runmode: undefined,
  routingKey: undefined,
  passthru: undefined,
};

// A year: nobody waits longer, and sums with a clock stay exact.
const MAX_TIMEOUT_MS = 366 * 86_400_000;

const PROGRESSIVE = 'progressive_call_invocations';

const RUNMODES = ['all', 'partition'] as const;

export function readCallOptions(options: Dict): CallOptions | BadOption {
  if (isEmpty(options)) return NO_CALL_OPTIONS;
  const read = new OptionReader(options);
  const result: CallOptions = {
    progress: read.boolean('progress') ?? false,
    receiveProgress: read.boolean('receive_progress') ?? false,
    timeoutMs: read.integer('timeout', 0, MAX_TIMEOUT_MS),
    discloseMe: read.boolean('disclose_me') ?? false,
    runmode: read.oneOf('runmode', RUNMODES),
    routingKey: read.routingKey('rkey') ?? read.routingKey('_routing_key'),
    passthru: readPassthru(read),
  };
  return read.mistake ?? result;
}

/** A feature that is used without having been announced where the text demands ABORT. */
export function unannounced(caller: Member, options: CallOptions): string | undefined {
  const { passthru, progress } = options;
  if (!passthru && !progress) return undefined;
  const announced = caller.features.caller;
  if (passthru && !announced?.has(PASSTHRU)) return PASSTHRU;
  if (progress && !announced?.has(PROGRESSIVE)) return PROGRESSIVE;
  return undefined;
}

export interface YieldOptions {
  readonly progress: boolean;
  readonly passthru: Dict | undefined;
}

const NO_YIELD_OPTIONS: YieldOptions = { progress: false, passthru: undefined };

export function readYieldOptions(options: Dict): YieldOptions | BadOption {
  if (isEmpty(options)) return NO_YIELD_OPTIONS;
  const read = new OptionReader(options);
  const progress = read.boolean('progress') ?? false;
  const passthru = readPassthru(read);
  return read.mistake ?? { progress, passthru };
}

/** RESULT.Details. */
export function resultDetails({ progress, passthru }: YieldOptions): Dict {
  if (!progress) return passthru ?? EMPTY;
  return passthru ? { ...passthru, progress: true } : { progress: true };
}

/** INVOCATION.Details except `progress`, which belongs to each chunk. */
export function invocationDetails(
  caller: Member,
  callee: Callee,
  registration: Registration,
  procedure: string,
  options: CallOptions,
  forwardedTimeoutMs: number,
): Dict {
  const isPattern = registration.match !== 'exact';
  const isDisclosed = callee.discloseCaller || options.discloseMe;
  const { trustlevel } = caller;
  if (options === NO_CALL_OPTIONS && !isPattern && !isDisclosed && trustlevel === undefined) {
    return forwardedTimeoutMs > 0 ? { timeout: forwardedTimeoutMs } : EMPTY;
  }
  const details: Record<string, string | number | boolean> = {};
  if (options.passthru) Object.assign(details, options.passthru);
  if (isPattern) details['procedure'] = procedure;
  if (isDisclosed) {
    details['caller'] = caller.id;
    details['caller_authid'] = caller.authid;
    details['caller_authrole'] = caller.authrole;
  }
  if (trustlevel !== undefined) details['trustlevel'] = trustlevel;
  if (givesProgress(callee, options)) details['receive_progress'] = true;
  if (forwardedTimeoutMs > 0) details['timeout'] = forwardedTimeoutMs;
  return details;
}

/**
 * Is the callee asked for progressive results? The specification wants it to announce call_canceling too; autobahn-js
 * announces only the former and streams, so that much is enough. Without a way to stop it, late results are dropped.
 */
export function givesProgress(callee: Callee, options: CallOptions): boolean {
  return options.receiveProgress && announces(callee, 'progressive_call_results');
}

/** Undefined: it has what the call needs. Else the feature that is missing. */
export function missingFeature(callee: Callee, options: CallOptions): string | undefined {
  if (options.passthru && !announces(callee, PASSTHRU)) return PASSTHRU;
  if (!options.progress) return undefined;
  if (!callee.canCancel) return 'call_canceling';
  return announces(callee, PROGRESSIVE) ? undefined : PROGRESSIVE;
}

export function announces(callee: Callee, feature: string): boolean {
  return callee.member.features.callee?.has(feature) ?? false;
}
