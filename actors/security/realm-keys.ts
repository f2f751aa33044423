/** The keys of realms: made with the realm, and sealed before they are stored where there is a key file. */
import type { RealmKeyRecord } from './records.ts';

export interface RealmKeyTools {
  make(): { readonly kid: string; readonly publicKey: string; readonly privateKey: string };
  /** Undefined: private keys are stored as they are. */
  readonly sealer:
    | {
        seal(text: string, purpose: string): string;
        open(sealed: string, purpose: string): string | undefined;
      }
    | undefined;
}

export class RealmKeys {
  readonly #tools: RealmKeyTools;

  constructor(tools: RealmKeyTools) {
    this.#tools = tools;
  }

  /** To sign with; not dated yet. */
  make(realm: string): RealmKeyRecord {
    return this.recordOf(realm, 'sign', this.#tools.make());
  }

  recordOf(
    realm: string,
    use: RealmKeyRecord['use'],
    key: { readonly kid: string; readonly publicKey: string; readonly privateKey: string },
  ): RealmKeyRecord {
    const { sealer } = this.#tools;
    const { kid, publicKey } = key;
    const privateKey = sealer?.seal(key.privateKey, purposeOf(realm, kid)) ?? key.privateKey;
    const isSealed = sealer !== undefined;
    return {
      kind: 'realm_key',
      held: true,
      at: 0,
      realm,
      kid,
      use,
      publicKey,
      privateKey,
      isSealed,
    };
  }

  /** The private key as JWK; undefined: it was sealed with another key file, or this node has none. */
  open({ realm, kid, privateKey, isSealed }: RealmKeyRecord): string | undefined {
    if (!isSealed) return privateKey;
    return this.#tools.sealer?.open(privateKey, purposeOf(realm, kid));
  }
}

function purposeOf(realm: string, kid: string): string {
  return `realm key ${realm} ${kid}`;
}
