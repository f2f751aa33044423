/** Nodes that issue and check tickets: a real policy each, rows that are stored at once and passed on when a test says so. */
import assert from 'node:assert/strict';
import { planOf } from '../../../../actors/security/commit.ts';
import type { Seen } from '../../../../actors/security/commit.ts';
import type { CheckedTicket } from '../../../../actors/security/methods/ticket.ts';
import { PolicyInventory } from '../../../../actors/security/policy/inventory.ts';
import { combineRecords } from '../../../../actors/security/policy/merge.ts';
import { Policy } from '../../../../actors/security/policy/policy.ts';
import { decodeRecord, keyOf } from '../../../../actors/security/policy/rows.ts';
import { RealmKeys } from '../../../../actors/security/realm-keys.ts';
import type { SecurityRecord } from '../../../../actors/security/records.ts';
import type { TicketClaims } from '../../../../actors/security/tickets/claims.ts';
import { TICKETS_DEFAULTS } from '../../../../actors/security/tickets/config.ts';
import type { TicketsConfig } from '../../../../actors/security/tickets/config.ts';
import type { Holder, TicketRefusal } from '../../../../actors/security/tickets/issuing.ts';
import { Tickets } from '../../../../actors/security/tickets/tickets.ts';
import { compactJws } from '../../../../runtime/crypto/compact-jws.ts';
import { makeSigningKey } from '../../../../runtime/crypto/signing-key.ts';
import { Malformed } from '../../../../runtime/structures/malformed.ts';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import { grant, PASSWORD, realm, user } from '../policy/records.ts';

export const SHOP = 'com.shop';
export const DEPOT = 'com.depot';
export const SSO = 'com.sso';
export const CLOSED = 'com.closed';
export const jws = compactJws('ticket+jwt');
export const keys = new RealmKeys({ make: makeSigningKey, sealer: undefined });

export const START = Date.UTC(2026, 10, 25);
/** By password. */
export const ANN: Holder = { realm: SHOP, username: 'ann', authmethod: 'password' };
export const SUE: Holder = { realm: SHOP, username: 'sue', authmethod: 'wampcra' };

type Wish = Parameters<Tickets['issue']>[1];

export class TestNode {
  readonly policy = new Policy();
  readonly counted: string[] = [];
  readonly tickets: Tickets;
  readonly log: SecurityRecord[] = [];
  config: TicketsConfig = TICKETS_DEFAULTS;
  now = START;
  broken = false;
  /** Keys are sealed with another key file. */
  isSealed = false;
  #ids = 0;

  constructor(name: string) {
    const inventory = new PolicyInventory(this.policy);
    this.tickets = new Tickets({
      policy: this.policy,
      config: () => this.config,
      jws,
      node: name,
      realmKeys: (uri) => inventory.realmKeys(uri),
      openKey: (key) => (this.isSealed ? undefined : keys.open(key)),
      makeKey: (uri) => keys.make(uri),
      commit: (records, done, options) => {
        const refusal = this.broken ? 'the disk is full' : this.write(records, options?.seen);
        if (refusal === undefined) return done({ kind: 'stored' });
        done({ kind: 'failed', reason: 'store', message: refusal, stored: [] });
      },
      id: () => `${name}-${++this.#ids}`,
      wall: () => this.now,
      count: (counter) => this.counted.push(counter),
    });
  }

  /** As the writer does; undefined: stored. */
  write(records: readonly SecurityRecord[], seen?: Seen): string | undefined {
    const about = { now: this.now, seen, keyFor: (uri: string) => keys.make(uri) };
    const plan = planOf(this.policy, records, about);
    if (plan.kind === 'refused') return plan.message;
    for (const { key, value } of plan.steps.flat()) {
      const record = decodeRecord(key, value);
      assert(!(record instanceof Malformed));
      this.log.push(record);
      this.policy.apply(record);
    }
    return undefined;
  }

  issue(holder: Holder, wish: Wish = {}): { ticket: string; claims: TicketClaims } | TicketRefusal {
    let answer: { ticket: string; claims: TicketClaims } | TicketRefusal | undefined;
    this.tickets.issue(holder, wish, (outcome) => {
      assert.equal(answer, undefined, 'answered once');
      answer = outcome;
    });
    assert(answer, 'answered');
    return answer;
  }

  ticket(holder: Holder, wish: Wish = {}): string {
    const issued = this.issue(holder, wish);
    assert('ticket' in issued, JSON.stringify(issued));
    return issued.ticket;
  }

  enter(realm: string, username: string, ticket: string, authextra: Dict = {}): CheckedTicket {
    let answer: CheckedTicket | undefined;
    this.tickets.check({ realm, username, ticket, authextra }, (checked) => (answer = checked));
    assert(answer);
    return answer;
  }

  lets(realm: string, username: string, ticket: string, authextra: Dict = {}): boolean {
    return this.enter(realm, username, ticket, authextra).kind === 'valid';
  }

  /** Of one that is no good: why. */
  why(realm: string, ticket: string): string {
    const verified = this.tickets.verify(realm, ticket);
    return 'message' in verified ? verified.message : 'good';
  }

  revoke(realm: string, ticket: string): string {
    let answer = '';
    this.tickets.revoke(realm, ticket, (outcome) => (answer = outcome.kind));
    return answer;
  }

  revokeAll(realm: string, authid: string): void {
    let answer = '';
    this.tickets.revokeAll(realm, authid, (outcome) => (answer = outcome.kind));
    assert.equal(answer, 'revoked_all');
  }
}

/** What each has written since the last time reaches the other; what both have written is merged. */
export function meet(a: TestNode, b: TestNode): void {
  const rows = new Map<string, SecurityRecord>();
  const [fromA, fromB] = [a, b].map(({ log }) => new Map(log.splice(0).map((r) => [keyOf(r), r])));
  for (const key of new Set([...fromA!.keys(), ...fromB!.keys()])) {
    const both = [fromA!.get(key), fromB!.get(key)].filter((each) => each !== undefined);
    rows.set(key, combineRecords(both.sort((x, y) => y.at - x.at)));
  }
  for (const record of rows.values()) for (const node of [a, b]) node.policy.apply(record);
}

export const MAY_ISSUE: readonly SecurityRecord[] = [SHOP, DEPOT].map((uri) =>
  grant('all', 'bondy.issue', 'bondy.ticket.scope.', { realm: uri }),
);

/** Ann is a user of the shop and of the depot; Sue signs on once for both. */
export function shops(node: TestNode): void {
  const refusal = node.write([
    realm(SSO, { isSsoRealm: true, allowedRealms: [SHOP, DEPOT] }),
    ...[SHOP, DEPOT, CLOSED].map((uri) => realm(uri, { ssoRealmUri: SSO })),
    ...[SHOP, DEPOT].map((uri) => user('ann', { realm: uri, password: PASSWORD, passwordAt: 1 })),
    user('app', { realm: SHOP, password: PASSWORD, passwordAt: 1 }),
    user('sue', { realm: SSO, password: PASSWORD, passwordAt: 1 }),
    ...[SHOP, DEPOT, CLOSED].map((uri) => user('sue', { realm: uri, ssoRealmUri: SSO })),
    ...MAY_ISSUE,
  ]);
  assert.equal(refusal, undefined);
}

export function oneNode(): TestNode {
  const node = new TestNode('a');
  shops(node);
  return node;
}

export function twoNodes(): readonly [TestNode, TestNode] {
  const [a, b] = [new TestNode('a'), new TestNode('b')];
  shops(a);
  meet(a, b);
  return [a, b];
}
