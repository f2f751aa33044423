/** Which core decides a request. */
import {
  CALL,
  CANCEL,
  ERROR,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
} from '../../runtime/wamp/message.ts';
import type { Member, Request } from './api.ts';
import type { Broker } from './broker/broker.ts';
import type { Dealer } from './dealer/dealer.ts';

export interface Cores {
  readonly broker: Broker;
  readonly dealer: Dealer;
}

/** `now`: monotonic ms; `wall`: of the calendar. */
export function decide(
  { broker, dealer }: Cores,
  member: Member,
  request: Request,
  now: number,
  wall: number,
): void {
  switch (request.type) {
    case CALL:
      return dealer.call(member, request, now);
    case YIELD:
      return dealer.yield(member, request, now);
    case PUBLISH:
      return broker.publish(member, request, wall);
    case ERROR:
      return dealer.error(member, request, now);
    case CANCEL:
      return dealer.cancel(member, request);
    case SUBSCRIBE:
      return broker.subscribe(member, request, wall);
    case UNSUBSCRIBE:
      return broker.unsubscribe(member, request);
    case REGISTER:
      return dealer.register(member, request, wall);
    case UNREGISTER:
      return dealer.unregister(member, request);
  }
}

/** The router died while it handled this request: whoever waits for it is answered. */
export function answerInterrupted({ broker, dealer }: Cores, member: Member, request: Request) {
  switch (request.type) {
    case PUBLISH:
    case SUBSCRIBE:
    case UNSUBSCRIBE:
      return broker.interrupted(member, request);
    default:
      return dealer.interrupted(member, request);
  }
}
