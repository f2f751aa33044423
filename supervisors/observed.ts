/** Somebody who looks on while sessions prove who they are, and changes nothing. */
import type { Authentication, Authenticator, Verdict } from '../actors/security/api.ts';
import type { TransportInfo } from '../runtime/net/connection.ts';

export interface ObservedAttempt {
  readonly realm: string;
  readonly transport: TransportInfo;
  readonly sessionId: number;
}

/** Hears each verdict of one attempt, never a pending one; `authid` is what HELLO said. */
export type Observer = (verdict: Verdict, authid: string | undefined) => void;

export function observedAuthenticator(
  inner: Authenticator,
  observe: (attempt: ObservedAttempt) => Observer,
): Authenticator {
  return {
    attempt(realm, transport, sessionId) {
      const attempt = inner.attempt(realm, transport, sessionId);
      if (attempt === undefined) return undefined;
      const tell = observe({ realm, transport, sessionId });
      let authid: string | undefined;
      const told = (verdict: Verdict): Verdict => {
        if (verdict.kind !== 'pending') {
          tell(verdict, authid);
          return verdict;
        }
        return {
          kind: 'pending',
          settle: (deliver) => verdict.settle((later) => deliver(() => told(later()))),
        };
      };
      const observed: Authentication = {
        begin(hello) {
          authid = hello.authid;
          return told(attempt.begin(hello));
        },
        answer: (signature, extra) => told(attempt.answer(signature, extra)),
      };
      return observed;
    },
  };
}
