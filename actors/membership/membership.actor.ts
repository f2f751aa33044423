/**
 * The agent of membership: bytes to messages, messages to the machine, what the machine decides to links, network, table,
 * disk and subscribers. What is acknowledged (a leave, a removal) is on disk before it is.
 */
import type { Context, Definition, Handlers, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import type { SetTable, SetWriter } from '../../runtime/kernel/table.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { decodeBody, encodeBody } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { PeerInput, PeerNetwork } from '../../runtime/net/peer/port.ts';
import { LINKS, peerService } from '../links/api.ts';
import type { LinksMessage, PeerAddress } from '../links/api.ts';
import type { MembershipEvent, MembershipMessage, Out } from './api.ts';
import { MEMBERSHIP } from './api.ts';
import type { MembershipConfig } from './config.ts';
import type { MembershipCounter } from './counters.ts';
import { parseRoster, plainRoster } from './durable.ts';
import type { Member } from './member.ts';
import { isUp, stateOf } from './member.ts';
import { Membership } from './membership.ts';
import type { MembershipWire } from './messages.ts';
import { parseMessage, plainMessage } from './parse.ts';
import type { MembershipPort, RosterStore } from './port.ts';
import { RosterSaver } from './roster-saver.ts';
import { ContactList } from './contact-list.ts';

export type { RosterStore } from './port.ts';

export interface MembershipDependencies {
  readonly config: MembershipConfig;
  readonly network: PeerNetwork;
  /** Where others reach this node; asked once the port is taken. */
  addresses(): readonly PeerAddress[];
  /** It has somebody to join (discovery, a join in the configuration): `joining` until it met a member. */
  readonly isJoining: boolean;
  readonly store: RosterStore;
  /** Made in the supervisor's `children`; read through a View. What a crashed actor knew is what the next one starts with. */
  readonly members: SetTable<string, Member>;
  /** Filled by this actor for View.neighbors. */
  readonly neighbors: { names: () => readonly string[] };
  /** Filled by this actor for View.since. */
  readonly since?: Map<string, number>;
  count(what: MembershipCounter): void;
  log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
  /** This incarnation is over: left, removed or superseded by `incarnation`. */
  onOut(why: Out, incarnation: number): void;
}

type Own =
  { readonly kind: 'tick' } | { readonly kind: 'saved'; readonly failure: Error | undefined };
export type MembershipActorMessage = MembershipMessage | PeerInput | Own;

/** Between two looks for links missed and contacts not asked for. */
const REPAIR_MS = 1_000;
/** A thousand of the longest records are 30,000 values and 2.5 MB. */
const BODY = { maxDepth: 6, maxItems: 50_000, maxBytes: 4 * 1024 * 1024 };

export function membership(
  dependencies: MembershipDependencies,
): Definition<MembershipActorMessage> {
  return {
    class: 'control',
    mailbox: { limit: 50_000, onFull: 'refuse' },
    init: (context) => new MembershipActor(dependencies, context),
  };
}

class MembershipActor implements Handlers<MembershipActorMessage> {
  readonly #d: MembershipDependencies;
  readonly #context: Context<MembershipActorMessage>;
  readonly #members: SetWriter<string, Member>;
  readonly #machine: Membership;
  readonly #subscribers = new Set<Target<MembershipEvent>>();
  readonly #contacts: ContactList;
  readonly #saver: RosterSaver;
  readonly #leavers: ReplyTo<Out>[] = [];
  #nextRepairAt = 0;
  /** There is a member that the disk does not know. */
  #hasGrown = false;
  #linksPid: number | undefined = undefined;
  #out: Out | undefined = undefined;

  constructor(dependencies: MembershipDependencies, context: Context<MembershipActorMessage>) {
    this.#d = dependencies;
    this.#context = context;
    this.#members = dependencies.members.claim(context);
    context.register(MEMBERSHIP);
    context.register(peerService('membership'));
    this.#contacts = new ContactList({
      connect: (address) => this.#tellLinks({ kind: 'connect', address }),
      members: () => this.#machine.members(),
      self: dependencies.network.self.name,
    });
    this.#saver = new RosterSaver(dependencies.store, {
      bytes: () => this.#bytes(),
      deliver: (failure) => context.self.cast({ kind: 'saved', failure }),
      failed: ({ message }) => {
        dependencies.count('membership_save_failed');
        dependencies.log('error', 'roster_not_saved', { error: message });
      },
    });
    const { config, network, isJoining } = dependencies;
    this.#machine = new Membership(
      {
        config,
        self: network.self,
        addresses: dependencies.addresses(),
        stored: this.#members.size > 0 ? [...this.#members.values()] : this.#load(),
        isJoining,
        random: context.random,
        now: context.clock.now(),
      },
      this.#port(),
    );
    dependencies.neighbors.names = () => this.#machine.neighbors();
    for (const peer of network.connected()) this.#machine.linkUp(peer, this.#now());
    this.#tick();
  }

  handle(message: MembershipActorMessage): void {
    this.#handle(message);
    if (!this.#hasGrown) return;
    this.#hasGrown = false;
    this.#saver.grew(this.#now());
  }

  #handle(message: MembershipActorMessage): void {
    switch (message.kind) {
      case 'tick':
        return this.#tick();
      case 'peer_message':
        return this.#onBytes(message.from, message.body);
      case 'link_up':
        return this.#machine.linkUp(message.peer, this.#now());
      case 'link_down':
        return this.#machine.linkDown(message.peer, this.#now());
      case 'join':
        return this.#join(message.address);
      case 'forget':
        return this.#forget(message.address);
      case 'leave':
        return this.#leave(message.reply);
      case 'remove':
        return this.#remove(message);
      case 'contact':
        return this.#machine.contact(message.name, message.forMs, this.#now());
      case 'members':
        return message.reply.reply(this.#machine.members());
      case 'info':
        return message.reply.reply(this.#machine.info());
      case 'subscribe':
        return this.#subscribe(message.target);
      case 'saved':
        return this.#saver.saved(message.failure);
      default:
        message satisfies never;
    }
  }

  /** The links have ended, and with them what they were asked for. */
  onDown(): void {
    this.#linksPid = undefined;
    this.#machine.linksLost();
    this.#contacts.linksLost();
  }

  onShutdown(): void {
    this.#machine.stop();
    this.#context.exit({ kind: 'shutdown' });
  }

  terminate(): void {
    this.#saver.last();
  }

  #tick(): void {
    const now = this.#now();
    this.#machine.tick(now);
    if (now >= this.#nextRepairAt) this.#repair(now);
    this.#saver.tick(now);
    this.#context.after(this.#d.config.tickMs, { kind: 'tick' });
  }

  /** A link_up or link_down that a full mailbox refused is noticed here. */
  #repair(now: number): void {
    this.#nextRepairAt = now + REPAIR_MS;
    const connected = new Map(this.#d.network.connected().map((peer) => [peer.name, peer]));
    for (const peer of this.#machine.linked()) {
      if (connected.get(peer.name)?.incarnation === peer.incarnation) {
        connected.delete(peer.name);
        continue;
      }
      this.#d.count('membership_link_repaired');
      this.#machine.linkDown(peer, now);
    }
    if (this.#out !== undefined) return;
    for (const peer of connected.values()) {
      this.#d.count('membership_link_repaired');
      this.#machine.linkUp(peer, now);
    }
    this.#contacts.ask();
  }

  #onBytes(from: NodeId, body: Uint8Array): void {
    const value = decodeBody(body, BODY);
    const message = value instanceof Malformed ? value.reason : parseMessage(value);
    if (typeof message === 'string') return this.#d.count('membership_malformed');
    this.#machine.received(from, message, this.#now());
  }

  #join(address: PeerAddress): void {
    if (this.#out !== undefined) return;
    if (!this.#contacts.add(address)) this.#d.count('membership_contacts_refused');
  }

  #forget(address: PeerAddress): void {
    // A member's address stays dialled for as long as the overlay wants.
    if (this.#contacts.delete(address)) this.#tellLinks({ kind: 'forget', address });
  }

  #leave(reply: ReplyTo<Out> | undefined): void {
    if (this.#out !== undefined) return reply?.reply(this.#out);
    if (reply !== undefined) this.#leavers.push(reply);
    this.#contacts.clear();
    this.#machine.leave(this.#now());
  }

  #remove({ name, isForced, reply }: MembershipMessage & { readonly kind: 'remove' }): void {
    const outcome = this.#machine.remove(name, this.#now(), isForced);
    if (outcome !== 'removed') return reply?.reply(outcome);
    this.#d.log('warn', 'member_removed', { node: name, forced: isForced === true });
    this.#saver.saveFor(() => reply?.reply(outcome), this.#now());
  }

  #subscribe(target: Target<MembershipEvent>): void {
    this.#subscribers.add(target);
    for (const member of this.#machine.members()) {
      if (isUp(member) && member.name !== this.#d.network.self.name) {
        this.#cast(target, { kind: 'node_up', node: nodeOf(member) });
      }
    }
  }

  #cast(target: Target<MembershipEvent>, event: MembershipEvent): void {
    const delivery = target.cast(event);
    if (delivery === 'accepted') return;
    // It would go on with a wrong picture; it has to subscribe again.
    this.#subscribers.delete(target);
    if (delivery === 'refused') this.#d.count('membership_subscribers_lost');
  }

  #port(): MembershipPort {
    return {
      send: (to, message) => this.#send(to, message),
      connect: (address, name) => this.#tellLinks({ kind: 'connect', address, name }),
      disconnect: (name) => this.#tellLinks({ kind: 'disconnect', name }),
      announce: (event) => this.#announce(event),
      changed: (member, isDurable) => {
        const before = this.#members.get(member.name);
        this.#noteChange(before, member);
        this.#members.set(member.name, member);
        if (isDurable) this.#saver.changed();
        if (isDurable && before === undefined) this.#hasGrown = true;
      },
      out: (why, incarnation) => this.#goOut(why, incarnation),
      count: (what) => this.#d.count(`membership_${what}`),
    };
  }

  #noteChange(before: Member | undefined, after: Member): void {
    const isSame = before?.incarnation === after.incarnation && stateOf(before) === stateOf(after);
    if (!isSame) this.#d.since?.set(after.name, this.#context.clock.wall());
  }

  #send(to: string, message: MembershipWire): void {
    const body = encodeBody(plainMessage(message));
    const delivery = this.#d.network.send(to, 'control', 'membership', body);
    if (delivery === 'overloaded') this.#d.count('membership_send_overloaded');
    if (delivery === 'disconnected') this.#d.count('membership_send_disconnected');
  }

  #tellLinks(message: LinksMessage): boolean {
    const links = this.#context.whereis(LINKS);
    if (links !== undefined && links.pid !== this.#linksPid) {
      this.#linksPid = links.pid;
      this.#context.monitor(links);
    }
    const isTold = links?.cast(message) === 'accepted';
    if (!isTold) this.#d.count('membership_links_refused');
    return isTold;
  }

  #announce(event: MembershipEvent): void {
    const level = event.kind === 'node_up' ? 'info' : 'warn';
    this.#d.log(level, event.kind, { node: event.node.name, incarnation: event.node.incarnation });
    for (const target of this.#subscribers) this.#cast(target, event);
  }

  #goOut(why: Out, incarnation: number): void {
    this.#out = why;
    this.#contacts.clear();
    this.#d.log(why === 'left' ? 'info' : 'error', 'member_out', { why, incarnation });
    const leavers = this.#leavers.splice(0);
    // Without anybody waiting it can wait: this may be said before the machine is complete.
    if (leavers.length === 0) this.#saver.changed();
    else this.#saver.saveFor(() => leavers.forEach((reply) => reply.reply(why)), this.#now());
    this.#d.onOut(why, incarnation);
  }

  /** What a node that left knows of others would make it come back. */
  #bytes(): Uint8Array {
    const all = this.#machine.members();
    const kept = this.#out === 'left' ? [this.#machine.info().self] : all;
    return encodeBody(plainRoster(kept));
  }

  /** A damaged roster is said aloud and learned again from others. */
  #load(): readonly Member[] {
    const bytes = this.#d.store.load();
    if (bytes === undefined) return [];
    const value = decodeBody(bytes);
    const members = value instanceof Malformed ? value.reason : parseRoster(value);
    if (typeof members !== 'string') return members;
    this.#d.log('error', 'roster_damaged', { problem: members });
    return [];
  }

  #now(): number {
    return this.#context.clock.now();
  }
}

function nodeOf({ name, incarnation }: Member): NodeId {
  return { name, incarnation };
}
