/**
 * Realms that come into being when somebody asks for them by HELLO, as in Bondy, where the configuration wants that. They
 * have the defaults of all realms: nobody gets in before a realm has sources and users.
 *
 * Whoever reaches a port can ask, so there is a limit; and what an administrator removed stays removed.
 */
import { isValidUri } from '../../runtime/wamp/uri.ts';
import type { Committed } from './commits.ts';
import { whyNoRealmName } from './policy/names.ts';
import { keyOf } from './policy/rows.ts';
import type { RealmRecord, SecurityRecord } from './records.ts';

export interface AutomaticRealmsDependencies {
  isOn(): boolean;
  /** In a life of the node: what its realms take must not be a stranger's to choose. */
  limit(): number;
  /** What is known under a key, held or taken back. */
  record(key: string): SecurityRecord | undefined;
  commit(records: readonly SecurityRecord[], done: (outcome: Committed) => void): void;
  count(counter: string): void;
}

export class AutomaticRealms {
  readonly #d: AutomaticRealmsDependencies;
  readonly #underWay = new Map<string, (() => void)[]>();
  #made = 0;

  constructor(dependencies: AutomaticRealmsDependencies) {
    this.#d = dependencies;
  }

  /** False: there will be no such realm. Else `done` is called once it is there, or could not be made. */
  make(uri: string, done: () => void): boolean {
    if (!this.#d.isOn()) return false;
    const waiting = this.#underWay.get(uri);
    if (waiting) return waiting.push(done) > 0;
    const record = realmOf(uri);
    if (!isNameOfRealm(uri) || this.#d.record(keyOf(record))) return false;
    if (this.#made >= this.#d.limit()) {
      this.#d.count('realms_not_made');
      return false;
    }
    this.#made++;
    this.#underWay.set(uri, [done]);
    this.#d.commit([record], ({ kind }) => this.#onMade(uri, kind === 'stored'));
    return true;
  }

  #onMade(uri: string, isMade: boolean): void {
    this.#d.count(isMade ? 'realms_made' : 'realms_not_made');
    if (!isMade) this.#made--;
    const waiting = this.#underWay.get(uri) ?? [];
    this.#underWay.delete(uri);
    for (const done of waiting) done();
  }
}

function isNameOfRealm(uri: string): boolean {
  return whyNoRealmName(uri) === undefined && isValidUri(uri, 'loose', 'exact');
}

function realmOf(uri: string): RealmRecord {
  const kin = { isPrototype: false, prototypeUri: null, isSsoRealm: false, ssoRealmUri: null };
  const access = { allowedRealms: null, allowConnections: null, authmethods: null };
  const limits = {
    uriStrictness: null,
    allowDisclosure: null,
    maxSessions: null,
    maxSubscriptionsPerSession: null,
    maxMessageBytes: null,
    maxRate: null,
  };
  return {
    ...{ kind: 'realm', held: true, at: 0, since: 0, uri, description: '', info: {} },
    ...{ ...kin, ...access, securityEnabled: null, password: null, limits },
  };
}
