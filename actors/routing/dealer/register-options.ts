/** What REGISTER.Options may ask for. */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { MATCH_POLICIES } from '../matching/patterns.ts';
import type { BadOption } from '../options.ts';
import { isEmpty, OptionReader } from '../options.ts';
import type { InvokePolicy } from './invoke-policies.ts';
import { INVOKE_NAMES, invokePolicy } from './invoke-policies.ts';

export interface RegisterOptions {
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  /** Invocations the callee takes at a time; 0: any number. */
  readonly concurrency: number;
  readonly discloseCaller: boolean;
  readonly forwardTimeout: boolean;
  /** Take the procedure from whoever has it. */
  readonly force: boolean;
}

const PLAIN: RegisterOptions = {
  match: 'exact',
  invoke: 'single',
  concurrency: 0,
  discloseCaller: false,
  forwardTimeout: false,
  force: false,
};

export function readRegisterOptions(options: Dict): RegisterOptions | BadOption {
  if (isEmpty(options)) return PLAIN;
  const read = new OptionReader(options);
  const invoke = read.oneOf('invoke', INVOKE_NAMES) ?? 'single';
  const result: RegisterOptions = {
    match: read.oneOf('match', MATCH_POLICIES) ?? 'exact',
    invoke: invokePolicy(invoke) ?? 'single',
    concurrency: read.integer('concurrency') ?? 0,
    discloseCaller: read.boolean('disclose_caller') ?? false,
    forwardTimeout: read.boolean('forward_timeout') ?? false,
    force: read.boolean('force_reregister') ?? false,
  };
  return read.mistake ?? result;
}
