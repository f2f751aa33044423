/**
 * How sockets become connections of the switch: dialling and accepting, plain or TLS, with the node's credentials.
 * Every refusal is counted by its reason and logged, one line per reason and peer address within ten seconds.
 */
import { createServer, connect as connectTcp, isIP } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Clock, Port } from '../../kernel/actor.ts';
import type { NetLevel } from '../environment.ts';
import { Handshake } from './handshake.ts';
import type { HandshakeSelf, HandshakeTools } from './handshake.ts';
import type { PeerIdentity, Purpose, Refusal } from './handshake-messages.ts';
import { encodeRefuse } from './handshake-messages.ts';
import { handshakeTools } from './handshake-tools.ts';
import type { VersionRange } from './protocol.ts';
import { CHANNELS, VERSIONS } from './protocol.ts';
import { endSoon, shakeHands } from './shake-hands.ts';
import type { LinkSettings } from './settings.ts';
import type { PeerLink } from './link.ts';
import type { PeerSwitch, Taken } from './switch.ts';

/** PEM texts. */
export interface PeerTls {
  readonly cert: string;
  readonly key: string;
  /** The cluster's own authority: whoever has a certificate of it is believed to be a member. */
  readonly ca: string;
  readonly passphrase?: string | undefined;
  /** Whether a node that dials must show a certificate too. */
  readonly isMutual: boolean;
}

export interface GateOptions {
  readonly cluster: string;
  /** Random, of this process. */
  readonly instance: string;
  /** Undefined: peers are believed, so only loopback or mutual TLS will do. */
  readonly secret: string | undefined;
  /** Undefined: plain TCP. */
  readonly tls: PeerTls | undefined;
  readonly settings: LinkSettings;
  /** From the first byte, or from the dial, to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Handshakes of strangers at once. */
  readonly maxPending: number;
  /** ... and of those that come from one address. */
  readonly maxPendingPerAddress: number;
  readonly versions?: VersionRange;
}

export interface GateParts {
  readonly network: PeerSwitch;
  readonly clock: Clock;
  count(counter: string, by?: number): void;
  log(level: NetLevel, event: string, fields: Record<string, unknown>): void;
}

export interface GateAddress {
  readonly host: string;
  readonly port: number;
}

export type DialOutcome =
  | Exclude<Taken, { kind: 'refused' }>
  | {
      readonly kind: 'refused';
      readonly reason: Refusal;
      readonly text: string;
      readonly by: 'us' | 'peer';
      /** Who is there, by its own word. */
      readonly claimed: PeerIdentity | undefined;
    }
  | { readonly kind: 'failed'; readonly detail: string };

const QUIET_MS = 10_000;
const MAX_QUIET = 1_000;

export class Gate {
  readonly #options: GateOptions;
  readonly #parts: GateParts;
  readonly #tools: HandshakeTools;
  readonly #loggedAt = new Map<string, number>();
  /** Gives up the handshakes of those who have dialled us. */
  readonly #accepting = new Set<() => void>();
  /** How many of them, by the address they come from. */
  readonly #acceptingFrom = new Map<string, number>();
  #port: number | undefined;

  constructor(options: GateOptions, parts: GateParts) {
    this.#options = options;
    this.#parts = parts;
    this.#tools = handshakeTools(options.secret);
  }

  /** False: whoever reaches the port is believed. */
  get provesPeers(): boolean {
    return this.#options.secret !== undefined || this.#options.tls?.isMutual === true;
  }

  /** The port that was really taken; undefined until there is one. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Closing the port gives up; `done` is not called then. `expected`: refuse anybody else. */
  dial(
    address: GateAddress,
    purpose: Purpose,
    expected: string | undefined,
    done: (outcome: DialOutcome) => void,
  ): Port {
    if (!this.provesPeers && !isLoopback(address.host)) {
      const text = `${address.host} is not loopback; set cluster.secret`;
      this.#refused('unencrypted', text, 'us', address.host);
      queueMicrotask(() =>
        done({ kind: 'refused', reason: 'unencrypted', text, by: 'us', claimed: undefined }),
      );
      return { close: () => {} };
    }
    const { tls, handshakeTimeoutMs, settings } = this.#options;
    const { host, port } = address;
    // The authority vouches for membership, not for a host name: nodes move, and the handshake names them.
    const socket = tls
      ? connectTls({ host, port, ...credentials(tls), checkServerIdentity: () => undefined })
      : connectTcp({ host, port, noDelay: true });
    let giveUp = (): void => void socket.destroy();
    const fail = (detail: string): void => {
      clearTimeout(timer);
      socket.off('close', onClose);
      socket.destroy();
      done({ kind: 'failed', detail });
    };
    const timer = setTimeout(() => fail('no answer'), handshakeTimeoutMs);
    let why = 'closed';
    const onClose = (): void => fail(why);
    socket.on('error', (error) => (why = error.message));
    socket.on('close', onClose);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('close', onClose);
      socket.setNoDelay(true);
      const parallelism = CHANNELS.map((channel) => settings.channels[channel].parallelism);
      const plan = { purpose, parallelism };
      const handshake = new Handshake(
        this.#self(socket),
        this.#tools,
        (peer, wanted, isDialler) =>
          expected !== undefined && peer.node.name !== expected
            ? 'unexpected_peer'
            : this.#parts.network.admit(peer, wanted, isDialler),
        plan,
      );
      giveUp = this.#shake(socket, handshake, host, done);
    });
    return {
      close: () => {
        clearTimeout(timer);
        socket.off('close', onClose);
        giveUp();
      },
    };
  }

  /** A port for other nodes; port 0 is the one taken before, if any. `onLink`: a peer has made a new link to us. */
  listen(
    address: GateAddress,
    events: {
      onListening(address: GateAddress): void;
      onFailure(error: NodeJS.ErrnoException): void;
      onLink(link: PeerLink): void;
    },
  ): Port {
    const { tls, handshakeTimeoutMs } = this.#options;
    const serve = (socket: Socket): void => this.#accept(socket, events.onLink);
    const server: Server = tls
      ? createTlsServer({
          ...credentials(tls),
          requestCert: tls.isMutual,
          rejectUnauthorized: tls.isMutual,
          handshakeTimeout: handshakeTimeoutMs,
        })
      : createServer();
    let isListening = false;
    server.maxConnections = 65_536;
    server.on(tls ? 'secureConnection' : 'connection', serve);
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => {
      this.#refused('authentication', 'TLS failed', 'us', socket.remoteAddress ?? '');
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (!isListening) return events.onFailure(error);
      this.#parts.count('peer_accept_errors');
    });
    server.listen(address.port || this.#port, address.host, () => {
      isListening = true;
      const bound = server.address() as AddressInfo;
      this.#port = bound.port;
      events.onListening({ host: bound.address, port: bound.port });
    });
    return {
      close: () => {
        server.close();
        for (const giveUp of this.#accepting) giveUp();
        this.#accepting.clear();
        this.#acceptingFrom.clear();
      },
    };
  }

  #accept(socket: Socket, onLink: (link: PeerLink) => void): void {
    const from = socket.remoteAddress ?? '';
    socket.on('error', () => {}); // always followed by close
    const { maxPending, maxPendingPerAddress } = this.#options;
    if (this.#accepting.size >= maxPending) {
      return this.#turnAway(socket, 'full', `more than ${maxPending} handshakes at once`, from);
    }
    const others = this.#acceptingFrom.get(from) ?? 0;
    if (others >= maxPendingPerAddress) {
      const text = `more than ${maxPendingPerAddress} handshakes at once from ${from}`;
      return this.#turnAway(socket, 'full', text, from);
    }
    if (!this.provesPeers && !isLoopback(from)) {
      return this.#turnAway(socket, 'unencrypted', `${from} is not loopback`, from);
    }
    socket.setNoDelay(true);
    const handshake = new Handshake(this.#self(socket), this.#tools, (peer, purpose, isDialler) =>
      this.#parts.network.admit(peer, purpose, isDialler),
    );
    const giveUp = this.#shake(socket, handshake, from, (outcome) => {
      if (this.#accepting.delete(giveUp)) this.#noLongerFrom(from);
      if (outcome.kind === 'link') onLink(outcome.link);
    });
    this.#accepting.add(giveUp);
    this.#acceptingFrom.set(from, others + 1);
  }

  #noLongerFrom(address: string): void {
    const left = this.#acceptingFrom.get(address)! - 1;
    if (left > 0) this.#acceptingFrom.set(address, left);
    else this.#acceptingFrom.delete(address);
  }

  #shake(
    socket: Socket,
    handshake: Handshake,
    address: string,
    done: (outcome: DialOutcome) => void,
  ): () => void {
    const { handshakeTimeoutMs } = this.#options;
    return shakeHands(socket, handshake, handshakeTimeoutMs, (outcome) => {
      if (outcome.kind === 'failed') this.#parts.count('peer_handshakes_failed');
      if (outcome.kind === 'refused') {
        const { reason, text, by, claimed } = outcome;
        this.#refused(reason, text, by, address, claimed);
      }
      if (outcome.kind !== 'established') return done(outcome);
      const { result, rest } = outcome;
      const taken = this.#parts.network.take(result, socket, rest);
      if (taken.kind !== 'refused') return done(taken);
      const text = `${result.peer.node.name} is linked otherwise by now`;
      this.#refused(taken.reason, text, 'us', address, result.peer);
      endSoon(socket);
      done({ ...taken, text, by: 'us', claimed: result.peer });
    });
  }

  #self(socket: Socket): HandshakeSelf {
    const { cluster, instance, secret, versions } = this.#options;
    return {
      node: this.#parts.network.self,
      cluster,
      instance,
      versions: versions ?? VERSIONS,
      hasSecret: secret !== undefined,
      binding: bindingOf(socket),
    };
  }

  #turnAway(socket: Socket, reason: Refusal, text: string, from: string): void {
    this.#refused(reason, text, 'us', from);
    const refuse = encodeRefuse(reason, text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(refuse.length);
    socket.write(Buffer.concat([length, refuse]));
    endSoon(socket);
  }

  #refused(
    reason: Refusal,
    text: string,
    by: 'us' | 'peer',
    address: string,
    claimed?: PeerIdentity,
  ): void {
    this.#parts.count(`peer_refused_${reason}`);
    if (reason === 'duplicate') return; // two nodes found each other at once: nothing to tell anybody
    const now = this.#parts.clock.now();
    const key = `${reason} ${address}`;
    const before = this.#loggedAt.get(key);
    if (before !== undefined && now - before < QUIET_MS) return;
    if (this.#loggedAt.size >= MAX_QUIET) this.#loggedAt.clear();
    this.#loggedAt.set(key, now);
    const peer = claimed?.node.name;
    this.#parts.log('warn', 'peer_refused', { reason, text, by, address, peer });
  }
}

function credentials({ cert, key, ca, passphrase }: PeerTls): SecureContextOptions {
  return { cert, key, ca, passphrase, minVersion: 'TLSv1.2' };
}

/** So that a proof cannot be carried from one TLS session into another. */
function bindingOf(socket: Socket): Uint8Array {
  if (!(socket instanceof TLSSocket)) return new Uint8Array(0);
  return socket.exportKeyingMaterial(32, 'EXPORTER-bondy-peer', Buffer.alloc(0));
}

/** The name `localhost` counts, because it is this machine wherever it leads. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const address = host.replace(/^::ffff:/, '');
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1';
}
