/** How requests of the admin server enter: as sessions of the master realm do, or with the operator's token. */
import type { LoginPorts } from '../actors/admin/api.ts';
import { toBase64, utf8 } from '../runtime/crypto/encoding.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { equalSecrets } from '../runtime/crypto/secrets.ts';
import type { Parts } from './parts.ts';

const KEY_BYTES = 32;

export function adminLogin(parts: Parts): Omit<LoginPorts, 'later'> {
  const { authenticator, security, own } = parts;
  const key = primitives.random(KEY_BYTES);
  return {
    masterRealm: parts.config().masterRealm.uri,
    authenticator,
    policy: security.table.policy,
    isOperatorToken: (token) =>
      own.operatorToken !== undefined && equalSecrets(token, own.operatorToken),
    digest: (text) => toBase64(primitives.hmac(key, utf8(text))),
    now: () => parts.kernel().clock.now(),
  };
}
