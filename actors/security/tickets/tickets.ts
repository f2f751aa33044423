/**
 * Tickets (Bondy's): signed by a key of the realm that has the user's credentials, so that every node can tell at once
 * whether one is genuine. Rows say which of them are good: one for each realm, client and device.
 */
import type { CompactJws } from '../../../runtime/crypto/compact-jws.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { Committed, CommitOptions } from '../commits.ts';
import type { CheckedTicket, TicketPort } from '../methods/ticket.ts';
import { fold } from '../policy/names.ts';
import { keyOf } from '../policy/rows.ts';
import type { PolicyPort } from '../policy-port.ts';
import type { RealmKeyRecord, SecurityRecord, TicketRecord } from '../records.ts';
import type { TicketClaims, TicketScope } from './claims.ts';
import { kindOf, readClaims, writtenClaims, writtenScope } from './claims.ts';
import { claimsFor, hasRoom, newestSigner } from './drafting.ts';
import type { Signer } from './drafting.ts';
import type { TicketsConfig } from './config.ts';
import type { Holder, TicketRefusal, TicketWish } from './issuing.ts';
import { holderOf, isGranted, refuse, scopeOf } from './issuing.ts';
import { ticketsOf } from './listing.ts';
import type { Known, WhyNot } from './standing.ts';
import { authrealmOf, knownRow, rowOf, TICKET_WORDS, whyNotGood } from './standing.ts';

export interface TicketsDependencies {
  readonly policy: Known & Pick<PolicyPort, 'allows'>;
  readonly config: () => TicketsConfig;
  readonly jws: CompactJws;
  /** This node's name. */
  readonly node: string;
  /** Those of the realm that count. */
  realmKeys(realm: string): Iterable<RealmKeyRecord>;
  /** The private key; undefined: it was sealed with another key file. */
  openKey(key: RealmKeyRecord): string | undefined;
  makeKey(realm: string): RealmKeyRecord;
  commit(
    records: readonly SecurityRecord[],
    done: (outcome: Committed) => void,
    options?: CommitOptions,
  ): void;
  /** A new UUID. */
  id(): string;
  /** Ms since 1970. */
  wall(): number;
  count(counter: string): void;
}

export interface Issued {
  readonly kind: 'issued';
  readonly ticket: string;
  readonly claims: TicketClaims;
}

type Judged =
  | { readonly kind: 'good'; readonly claims: TicketClaims }
  /** `claims`: they are signed. */
  | { readonly kind: 'bad'; readonly why: WhyNot; readonly claims?: TicketClaims };

export class Tickets implements TicketPort {
  readonly #d: TicketsDependencies;

  constructor(dependencies: TicketsDependencies) {
    this.#d = dependencies;
  }

  check(
    { realm, username, ticket, authextra }: Parameters<TicketPort['check']>[0],
    deliver: (checked: CheckedTicket) => void,
  ): void {
    const judged = this.#judge(realm, username, ticket);
    if (judged.kind === 'bad' || !isOfClient(judged.claims.scope, authextra)) {
      this.#d.count('tickets_refused');
      return deliver({ kind: 'invalid' });
    }
    const { id, authrealm, authid, scope, at, expiresAt, authroles } = judged.claims;
    deliver({
      kind: 'valid',
      ticket: { id, authrealm, authid, scope, at, expiresAt },
      authextra: { authmethod_details: { id, authrealm, scope: writtenScope(scope) } },
      ...(authroles && { groups: authroles }),
    });
  }

  /** What it says, if it opens sessions in this realm. */
  verify(realm: string, ticket: string): TicketClaims | TicketRefusal {
    const judged = this.#judge(realm, undefined, ticket);
    return judged.kind === 'good' ? judged.claims : invalid(judged.why);
  }

  /** `clientTicket`: the client, who is a user too, has shown it. */
  issue(
    holder: Holder,
    wish: TicketWish & { readonly clientTicket?: string | undefined },
    done: (outcome: Issued | TicketRefusal) => void,
  ): void {
    const { policy, config } = this.#d;
    const user = holderOf(policy, config(), holder);
    if ('kind' in user) return done(user);
    const client =
      wish.clientTicket === undefined ? undefined : this.verify(user.realm, wish.clientTicket);
    if (client && 'kind' in client) return done({ ...client, path: 'client_ticket' });
    const scope = scopeOf(user, holder, wish, client);
    if ('kind' in scope) return done(scope);
    if (!isGranted(policy, holder, scope)) {
      const message = `needs a grant of bondy.issue on bondy.ticket.scope.${kindOf(scope)}`;
      return done(refuse('notAuthorized', message));
    }
    if (!hasRoom(policy, config(), user, scope, this.#d.wall())) {
      const message = `${user.username} has ${config().maxPerUser} tickets already`;
      return done(refuse('limitExceeded', message));
    }
    this.#withSigner(authrealmOf(user), done, (signer) => {
      const { node } = this.#d;
      const about = { user, holder, wish, scope, node, id: this.#d.id(), kid: signer.kid };
      const claims = claimsFor(policy, config(), about, this.#d.wall());
      this.#store(claims, done, () => {
        this.#d.count('tickets_issued');
        const ticket = this.#d.jws.sign(writtenClaims(claims), signer);
        done({ kind: 'issued', ticket, claims });
      });
    });
  }

  /**
   * Whoever shows it may end it, and the sessions that it has opened: they may have outlived it. Of one that was revoked
   * already nothing is left to do.
   */
  revoke(
    realm: string,
    ticket: string,
    done: (
      outcome:
        | { readonly kind: 'revoked'; readonly claims: TicketClaims }
        | { readonly kind: 'over' }
        | TicketRefusal,
    ) => void,
  ): void {
    const judged = this.#judge(realm, undefined, ticket, 0); // as long as it had not expired
    const { claims } = judged;
    if (!claims) return done(invalid('why' in judged ? judged.why : 'malformed'));
    if (judged.kind === 'bad' && (judged.why === 'other_realm' || judged.why === 'other_user')) {
      return done(invalid(judged.why));
    }
    const isOver = judged.kind === 'bad' && (judged.why === 'outdated' || judged.why === 'revoked');
    if (isOver) return done({ kind: 'over' });
    const isReplaced = judged.kind === 'bad' && judged.why === 'replaced';
    const before = knownRow(this.#d.policy, claims);
    const row = isReplaced && before ? { ...before, since: claims.at + 1 } : this.#revoked(claims);
    const seen = new Map([[keyOf(row), before]]);
    this.#commit([row], done, () => done({ kind: 'revoked', claims }), { seen });
  }

  /** Those that are kept and good. */
  list(realm: string): readonly TicketRecord[] {
    return [...ticketsOf(this.#d.policy, realm, this.#d.wall())];
  }

  /** One of the list, and the sessions that it has opened. */
  revokeListed(
    realm: string,
    authid: string,
    id: string,
    done: (
      outcome: { readonly kind: 'revoked'; readonly row: TicketRecord } | TicketRefusal,
    ) => void,
  ): void {
    const username = this.#d.policy.user(realm, authid)?.username;
    const row = this.list(realm).find((each) => each.id === id && each.authid === username);
    if (!row) return done(refuse('notFound', `${authid} has no ticket ${id} in ${realm}`));
    const seen = new Map([[keyOf(row), row]]);
    const revoked = this.#revoked({ ...row, authrealm: row.realm });
    this.#commit([revoked], done, () => done({ kind: 'revoked', row }), { seen });
  }

  /** Of a user, in this realm; in an SSO realm: in all that sign on there. */
  revokeAll(
    realm: string,
    authid: string,
    done: (
      outcome: { readonly kind: 'revoked_all'; readonly authid: string } | TicketRefusal,
    ) => void,
  ): void {
    const username = this.#d.policy.user(realm, authid)?.username ?? fold(authid);
    const cutoff = { kind: 'ticket_cutoff', held: true, at: 0, realm, authid: username } as const;
    this.#commit([cutoff], done, () => done({ kind: 'revoked_all', authid: username }));
  }

  /** Not collected before the other nodes have heard of it. */
  #revoked(claims: Parameters<typeof rowOf>[0]): TicketRecord {
    const now = Math.floor(this.#d.wall() / 1_000);
    return rowOf({ ...claims, expiresAt: Math.max(claims.expiresAt, now) }, false);
  }

  /** The signature comes first, so that it takes the same steps whoever is asked for. */
  #judge(
    realm: string,
    username: string | undefined,
    ticket: string,
    now = this.#d.wall(),
  ): Judged {
    const { jws, policy, config } = this.#d;
    const read = jws.read(ticket);
    const claims = read && readClaims(read.claims);
    if (!read || !claims || claims.kid !== read.kid) return { kind: 'bad', why: 'malformed' };
    const key = [...this.#d.realmKeys(claims.authrealm)].find(
      ({ kid, use }) => kid === read.kid && use === 'sign',
    );
    if (!key || !read.isSignedBy(key.publicKey)) return { kind: 'bad', why: 'unsigned' };
    const as = { realm, username: username ?? claims.authid, now };
    const why = whyNotGood(policy, config(), claims, as);
    return why === undefined ? { kind: 'good', claims } : { kind: 'bad', why, claims };
  }

  #store(claims: TicketClaims, done: (refusal: TicketRefusal) => void, go: () => void): void {
    if (!this.#d.config().persistence[kindOf(claims.scope)]) return go();
    this.#commit([rowOf(claims, true)], done, go);
  }

  /** A realm without a key gets one. */
  #withSigner(
    realm: string,
    done: (refusal: TicketRefusal) => void,
    go: (signer: Signer) => void,
  ): void {
    const keys = [...this.#d.realmKeys(realm)].filter(({ use }) => use === 'sign');
    const sign = (from: readonly RealmKeyRecord[]): void => {
      const signer = newestSigner(from, (key) => this.#d.openKey(key));
      if (signer) return go(signer);
      const why = `this node can open no key of ${realm}: is security.key_file right?`;
      done(refuse('unavailable', why));
    };
    if (keys.length > 0) return sign(keys);
    const made = this.#d.makeKey(realm);
    this.#commit([made], done, () => sign([made]));
  }

  #commit(
    records: readonly SecurityRecord[],
    done: (refusal: TicketRefusal) => void,
    go: () => void,
    options?: CommitOptions,
  ): void {
    this.#d.commit(
      records,
      (outcome) => {
        if (outcome.kind === 'stored') return go();
        const { reason, message } = outcome;
        done(refuse(reason === 'conflict' ? 'inconsistency' : 'unavailable', message));
      },
      options,
    );
  }
}

/** A client that says which it is, is that one. */
function isOfClient({ clientId, deviceId }: TicketScope, authextra: Dict): boolean {
  const { client_id: client, device_id: device } = authextra;
  return isOrUnsaid(client, clientId) && isOrUnsaid(device, deviceId);
}

function isOrUnsaid(said: Dict[string] | undefined, is: string | null): boolean {
  if (said === undefined || said === null) return true;
  return typeof said === 'string' && fold(said) === is;
}

function invalid(why: WhyNot): TicketRefusal {
  return refuse('invalidArgument', `the ticket ${TICKET_WORDS[why]}`, 'ticket');
}
