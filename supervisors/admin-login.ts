/** How requests of the admin server enter: as sessions of the master realm do, or with the operator's token. */
import type { LoginPorts } from '../actors/admin/api.ts';
import { whyLeave } from '../actors/security/presence.ts';
import { toBase64, utf8 } from '../runtime/crypto/encoding.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { equalSecrets } from '../runtime/crypto/secrets.ts';
import type { Parts } from './parts.ts';

const KEY_BYTES = 32;

export function adminLogin(parts: Parts): Omit<LoginPorts, 'later'> {
  const { authenticator, security, own } = parts;
  const key = primitives.random(KEY_BYTES);
  const { uri: masterRealm } = parts.config().masterRealm;
  const { policy } = security.table;
  return {
    masterRealm,
    authenticator,
    policy,
    mayStay: (principal) => whyLeave(policy, masterRealm, principal) === undefined,
    isOperatorToken: (token) =>
      own.operatorToken !== undefined && equalSecrets(token, own.operatorToken),
    digest: (text) => toBase64(primitives.hmac(key, utf8(text))),
    now: () => parts.kernel().clock.now(),
  };
}
