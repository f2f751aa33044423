import type { Caller } from '../actors/management/api.ts';

/** A caller in the words of logs. Only the operator's token is nobody's and has no session. */
export function whoIs({ username, realm, session, isAuthorized }: Caller): string {
  const isOperator = username === undefined && session === undefined && isAuthorized === true;
  return isOperator ? 'operator' : `${username ?? 'anonymous'}@${realm}`;
}
