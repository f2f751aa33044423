/** Which methods this node can carry out in a realm, and one of them for a client. */
import type { Ed25519Signer } from '../../../runtime/crypto/primitives.ts';
import type { TokenChecker } from '../../../runtime/crypto/json-web-token.ts';
import type { Chosen, MethodName } from '../negotiation.ts';
import type { Passwords } from '../passwords.ts';
import type { EffectiveRealm } from '../policy-port.ts';
import type { StoredPassword } from '../records.ts';
import { Cryptosign } from './cryptosign.ts';
import type { Claim, Method, MethodTools } from './method.ts';
import { OAuth2, readOAuth2 } from './oauth2.ts';
import { PasswordMethod } from './password.ts';
import { anonymous, clientCertificate, trust } from './plain.ts';
import { Scram } from './scram.ts';
import type { TicketPort } from './ticket.ts';
import { TicketMethod } from './ticket.ts';
import { WampCra } from './wampcra.ts';

export interface FactoryTools extends MethodTools {
  readonly passwords: Passwords;
  /** Undefined: nobody issues tickets here. */
  readonly tickets: TicketPort | undefined;
  readonly tokens: TokenChecker;
  /** Proves this router to clients of cryptosign that ask for it. */
  readonly router: Ed25519Signer | undefined;
  /** Undefined: verifiers stay as they are. `realm` keeps the password, which had this `passwordAt` when it was read. */
  readonly upgrade:
    | ((
        of: { readonly realm: string; readonly username: string; readonly passwordAt: number },
        stored: StoredPassword,
      ) => void)
    | undefined;
}

export class MethodFactory {
  readonly #tools: FactoryTools;

  constructor(tools: FactoryTools) {
    this.#tools = tools;
  }

  has(method: MethodName, realm: EffectiveRealm): boolean {
    if (method === 'ticket') return this.#tools.tickets !== undefined;
    if (method === 'oauth2') return readOAuth2(realm.info) !== undefined;
    return true;
  }

  /** `authid`: as HELLO says, if it does. */
  make(
    { method, spelling }: Chosen,
    claim: Claim,
    realm: EffectiveRealm,
    authid: string | undefined,
  ): Method {
    const tools = this.#tools;
    switch (method) {
      case 'anonymous':
        return anonymous();
      case 'trust':
        return trust(claim);
      case 'tls':
        return clientCertificate(claim);
      case 'password':
        return new PasswordMethod(tools, claim, tools.passwords, (text) =>
          this.#upgrade(text, claim),
        );
      case 'ticket':
        return new TicketMethod(claim, tools.tickets!);
      case 'wampcra':
        return new WampCra(tools, claim);
      case 'wamp-scram':
        return new Scram(tools, claim, spelling);
      case 'cryptosign':
        return new Cryptosign(tools, claim, tools.router);
      case 'oauth2':
        return new OAuth2(readOAuth2(realm.info)!, authid, tools.tokens, tools.report);
    }
  }

  /** Only a method that reveals the password can. The session does not wait for it. */
  #upgrade(text: string, { user, keeper }: Claim): void {
    const { passwords, upgrade, report } = this.#tools;
    if (!upgrade || !user?.password || !keeper) return;
    if (passwords.isCurrent(user.password, keeper.password)) return;
    const { username, passwordAt } = user;
    passwords.make(text, keeper.password, (made) => {
      if (made.kind === 'made') upgrade({ realm: keeper.uri, username, passwordAt }, made.stored);
      else report('password_upgrades_skipped');
    });
  }
}
