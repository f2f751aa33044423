/**
 * Keeps the policy what the store says: reads all rows of the prefix `security`, follows their changes from any node, ends
 * sessions of those who may no longer be there, has routers review what sessions hold, and has realms opened and closed.
 *
 * State first: a row changes the policy, and what that asks for is written down in the table, in one step. It is done when
 * the changes that wait behind it are in as well, so that a batch is acted upon as a whole.
 */
import type { Context, Definition, Handlers, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { Dismissal, Realm } from '../realms/api.ts';
import type { Change, Store, StoreState } from '../store/api.ts';
import { Following } from '../store/api.ts';
import { CLOSE } from '../../runtime/wamp/uris.ts';
import type { Member } from '../routing/api.ts';
import type { Expulsion, Leaving } from './expulsions.ts';
import { CLOSE_USER, expulsions } from './expulsions.ts';
import { decodeRecord, encodeRecord } from './policy/rows.ts';
import { whyLeave } from './presence.ts';
import type { PolicyChange } from './policy-port.ts';
import { SECURITY } from './records.ts';
import type { SecurityMessage } from './services.ts';
import { SECURITY_ACTOR } from './services.ts';
import type { SecurityTable, SecurityWriter } from './table.ts';

export interface SecurityDependencies {
  readonly table: SecurityTable;
  readonly mailbox: Mailbox<SecurityMessage>;
  readonly store: Pick<Store, 'partitions' | 'subscribe' | 'entries' | 'get'>;
  readonly state: Pick<StoreState, 'isReady' | 'onAdvance'>;
  /** Those that are open here, with who is in them. */
  readonly realms: OpenRealms;
  /** Who opens and closes realms. */
  keeper(): Target<{ readonly kind: 'look' }> | undefined;
  count(counter: string, by?: number): void;
}

export interface OpenRealms {
  lookup(uri: string): Pick<Realm, 'attendance'> | undefined;
  all(): Iterable<Pick<Realm, 'uri' | 'router'>>;
}

/** Rows read again in a turn. */
const SLICE = 200;
/** Sessions looked at in a turn: some microseconds for each that must end. */
const SESSIONS_SLICE = 200;

export function security(dependencies: SecurityDependencies): Definition<SecurityMessage> {
  const { mailbox } = dependencies;
  return {
    class: 'control',
    mailbox,
    init: (context) => new SecurityActor(dependencies, context),
  };
}

/** Changes that are acted upon together. A realm of a hundred thousand sessions must not hold up the node. */
interface Batch {
  /** The oldest so many changes of those to be acted upon. */
  readonly size: number;
  readonly rest: Iterator<Affected>;
  readonly waiting: readonly ReplyTo<void>[];
}

/** A session that may have to leave. */
interface Affected {
  readonly realm: string;
  readonly leaving: Leaving;
  readonly session: Target<Dismissal>;
  readonly member: Member;
}

const NOBODY: ReadonlyMap<Target<Dismissal>, Member> = new Map();

class SecurityActor implements Handlers<SecurityMessage> {
  readonly #d: SecurityDependencies;
  readonly #writer: SecurityWriter;
  readonly #following: Following;
  #unread: string[] = [];
  #isToAct = false;
  /** What is being acted upon. */
  #batch: Batch | undefined;
  /** For what comes after it. */
  #waiting: ReplyTo<void>[] = [];
  /** Versions of the policy for which routers were told to go through what their sessions hold. */
  #reviewed: ReadonlyMap<string, number> = new Map();

  constructor(dependencies: SecurityDependencies, context: Context<SecurityMessage>) {
    this.#d = dependencies;
    this.#writer = dependencies.table.claim(context);
    context.register(SECURITY_ACTOR);
    const { store, state, mailbox } = dependencies;
    this.#following = new Following(context, store, state, SECURITY, mailbox);
    mailbox.takeInterrupted(); // whatever it was about is read again
    this.#look();
    if (!this.#writer.work.isEmpty) this.#actLater();
  }

  handle(message: SecurityMessage): void {
    switch (message.kind) {
      case 'store_change':
        return this.#onChange(message);
      case 'store_changes_lost':
        return this.#readAll();
      case 'look':
        return this.#look();
      case 'read':
        return this.#read(SLICE);
      case 'act':
        return this.#act();
      case 'expel':
        if (this.#batch && this.#expelSome(this.#batch)) this.#finish(this.#batch);
        return; // without a batch: of an actor that died
      case 'sync':
        this.#waiting.push(message.reply);
        return this.#act();
    }
  }

  onDown(): void {
    this.#following.onDown();
  }

  #look(): void {
    if (!this.#following.look()) return;
    this.#readAll();
    if (this.#d.table.isLoaded) return;
    // Nobody is in yet, so nobody waits: all of it at once, before what needs it starts.
    this.#read(Infinity);
    this.#writer.loaded();
  }

  #onChange({ key, value }: Change): void {
    this.#take(key, value);
  }

  #readAll(): void {
    const { store } = this.#d;
    const keys = new Set<string>();
    for (const [key] of this.#writer.policy.records()) keys.add(key);
    for (const { key } of store.entries(SECURITY)) keys.add(key);
    const wasReading = this.#unread.length > 0;
    this.#unread = [...keys];
    if (!wasReading) this.#d.mailbox.admit({ kind: 'read' });
  }

  #read(limit: number): void {
    const rest = this.#unread.length > limit ? this.#unread.splice(limit) : [];
    for (const key of this.#unread) {
      const value = this.#d.store.get(SECURITY, key);
      if (!this.#isKnown(key, value)) this.#take(key, value);
    }
    this.#unread = rest;
    if (rest.length > 0) this.#d.mailbox.admit({ kind: 'read' });
  }

  #isKnown(key: string, value: Uint8Array | undefined): boolean {
    const { policy } = this.#writer;
    const known = policy.record(key);
    if (policy.isConfigured(key)) return true;
    if (known === undefined || value === undefined) return known === value;
    return compareBytes(encodeRecord(known), value) === 0;
  }

  #take(key: string, value: Uint8Array | undefined): readonly PolicyChange[] {
    const { policy, work } = this.#writer;
    const record = value && decodeRecord(key, value);
    if (record instanceof Malformed) this.#d.count('security_rows_malformed');
    const changes =
      record === undefined
        ? policy.forget(key)
        : record instanceof Malformed
          ? policy.distrust(key)
          : policy.apply(record);
    work.add(changes);
    if (changes.length > 0) this.#actLater();
    return changes;
  }

  #actLater(): void {
    if (this.#isToAct) return;
    this.#isToAct = true;
    this.#d.mailbox.admit({ kind: 'act' });
  }

  /** One batch of changes after the other. Whoever is told twice, after a crash in the middle, is told nothing new. */
  #act(): void {
    this.#isToAct = false;
    if (this.#batch) return;
    const changes = this.#writer.work.all();
    this.#batch = { size: changes.length, rest: this.#affected(changes), waiting: this.#waiting };
    this.#waiting = [];
    const isDone = this.#expelSome(this.#batch);
    if (changes.length > 0) this.#review(replaced(changes));
    if (changes.some(({ kind }) => kind === 'realm')) this.#d.keeper()?.cast({ kind: 'look' });
    if (isDone) this.#finish(this.#batch);
  }

  /** True: all of them were looked at. */
  #expelSome({ rest }: Batch): boolean {
    for (let looked = 0; looked < SESSIONS_SLICE; looked++) {
      const next = rest.next();
      if (next.done) return true;
      const { realm, leaving, session, member } = next.value;
      const reason = this.#whyLeave(realm, leaving, member);
      if (reason === undefined) continue;
      this.#d.count('sessions_expelled');
      session.cast({ kind: 'goodbye', reason, details: { message: WORDS[reason] } });
    }
    this.#d.mailbox.admit({ kind: 'expel' });
    return false;
  }

  #finish({ size, waiting }: Batch): void {
    this.#batch = undefined;
    this.#writer.work.done(size);
    for (const reply of waiting) reply.reply();
    if (this.#waiting.length > 0 || !this.#writer.work.isEmpty) this.#actLater();
  }

  /** Who is in now: whoever comes in later is judged by these changes, and may be another user of the same name. */
  #affected(changes: readonly PolicyChange[]): Iterator<Affected> {
    const realms = [...expulsions(changes)].map(([realm, leaving]) => {
      const sessions = this.#d.realms.lookup(realm)?.attendance.sessions() ?? NOBODY;
      return { realm, leaving, sessions, present: [...sessions.keys()] };
    });
    return (function* () {
      for (const { realm, leaving, sessions, present } of realms) {
        for (const session of present) {
          const member = sessions.get(session);
          if (member) yield { realm, leaving, session, member };
        }
      }
    })();
  }

  #whyLeave(
    realm: string,
    { users, holders, isChanged }: Leaving,
    member: Member,
  ): string | undefined {
    // Without a subject: a realm of the configuration, whose users are no records.
    const { username = '' } = member.subject ?? {};
    const what = users.get(username);
    const why = what && this.#whyUserLeaves(realm, what, member);
    if (why !== undefined) return why;
    const isAsked = isChanged || (member.ticket !== undefined && holders.has(username));
    return isAsked ? whyLeave(this.#writer.policy, realm, member) : undefined;
  }

  #whyUserLeaves(realm: string, what: Expulsion, { id, subject }: Member): string | undefined {
    const { username = '', isVouchedFor = false } = subject!;
    if (isVouchedFor && what !== 'disabled') return undefined;
    if (what === 'rekeyed') {
      const passwordAt = this.#writer.policy.user(realm, username)?.passwordAt ?? 0;
      if (this.#d.table.sparedOf(username, passwordAt) === id) return undefined;
    }
    return CLOSE_USER[what];
  }

  /** Routers go through what their sessions hold, where decisions may be others than when they were told last. */
  #review(replaced: ReadonlySet<string>): void {
    const versions = new Map<string, number>();
    for (const { uri, router } of this.#d.realms.all()) {
      const version = this.#writer.policy.version(uri);
      versions.set(uri, version);
      // What is in a realm that is being closed goes with it.
      const isToStay = !replaced.has(uri) && this.#writer.policy.realm(uri)?.allowConnections;
      if (isToStay && this.#reviewed.get(uri) !== version)
        router.admit({ kind: 'review', isNext: false });
    }
    this.#reviewed = versions;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  [CLOSE.userDeleted]: 'the user was removed',
  [CLOSE.userDisabled]: 'the user was disabled',
  [CLOSE.credentialsChanged]: 'the credentials of the user were changed',
  [CLOSE.ticketRevoked]: 'the ticket by which the session came in was revoked',
  [CLOSE.methodWithdrawn]: 'the realm no longer offers the method by which the session came in',
};

/** Realms that were removed, perhaps to be made anew. */
function replaced(changes: readonly PolicyChange[]): ReadonlySet<string> {
  const uris = changes.flatMap((change) =>
    change.kind === 'realm' && change.what === 'removed' ? [change.uri] : [],
  );
  return new Set(uris);
}
