/** What SUBSCRIBE.Options may ask for. */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { MATCH_POLICIES } from '../matching/patterns.ts';
import type { BadOption } from '../options.ts';
import { isEmpty, OptionReader } from '../options.ts';

export interface SubscribeOptions {
  readonly match: MatchPolicy;
  readonly getRetained: boolean;
  /** Shares the events of the subscription with the other node keys (sharding.ts). */
  readonly nodeKey: string | undefined;
}

const PLAIN: SubscribeOptions = { match: 'exact', getRetained: false, nodeKey: undefined };

export function readSubscribeOptions(options: Dict): SubscribeOptions | BadOption {
  if (isEmpty(options)) return PLAIN;
  const read = new OptionReader(options);
  const parsed: SubscribeOptions = {
    match: read.oneOf('match', MATCH_POLICIES) ?? 'exact',
    getRetained: read.boolean('get_retained') ?? false,
    nodeKey: read.routingKey('nkey'),
  };
  return read.mistake ?? parsed;
}
