/** Methods that ask nothing: who it is follows from where it comes from. */
import type { ClientCertificate } from '../../../runtime/net/connection.ts';
import { fold } from '../policy/names.ts';
import type { EffectiveUser } from '../policy-port.ts';
import type { Claim, Method } from './method.ts';
import { FAILED, nothingAsked, PROVEN } from './method.ts';

/** Everybody, as nobody in particular. Whether that is allowed here was decided before. */
export function anonymous(): Method {
  return { begin: () => PROVEN, answer: nothingAsked };
}

/** A user of the realm is believed; only for networks in which nobody else can be. */
export function trust({ user }: Claim): Method {
  return { begin: () => (user ? PROVEN : FAILED), answer: nothingAsked };
}

/** The certificate of the TLS connection names the user, and an accepted authority has signed it. */
export function clientCertificate({ user, transport }: Claim): Method {
  const isUsers = user !== undefined && names(transport.certificate, user);
  return { begin: () => (isUsers ? PROVEN : FAILED), answer: nothingAsked };
}

/** By username or alias, as common name or alternative name. */
function names(certificate: ClientCertificate | undefined, user: EffectiveUser): boolean {
  if (!certificate) return false;
  const { commonName, names: others } = certificate;
  const all = commonName === undefined ? others : [commonName, ...others];
  const own: ReadonlySet<string> = new Set([user.username, ...user.aliases]);
  return all.some((name) => own.has(fold(name)));
}
