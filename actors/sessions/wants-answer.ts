/** Which requests keep their session from being read when it does not read their answers. */
import {
  CALL,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
} from '../../runtime/wamp/message.ts';
import type { Request } from '../routing/api.ts';

/** A publisher that asks for no acknowledgement is never throttled; answers of a callee free others. */
export function wantsAnswer(request: Request): boolean {
  switch (request.type) {
    case CALL:
    case SUBSCRIBE:
    case UNSUBSCRIBE:
    case REGISTER:
    case UNREGISTER:
      return true;
    case PUBLISH:
      return request.options.acknowledge === true;
    default:
      return false;
  }
}
