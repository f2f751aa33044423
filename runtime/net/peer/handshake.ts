/**
 * Who is on the other side, before anything else is said. A pure machine for both roles; the shell brings the bytes.
 *
 *   dialler   HELLO      versions, who I am, my nonce, what this connection is for
 *   acceptor  CHALLENGE  the version, who I am, my nonce
 *   dialler   PROOF      a MAC of everything above
 *   acceptor  WELCOME    a MAC of everything above
 *
 * The MACs are HMAC-SHA-256 under the cluster's secret over a label of the role and the exact bytes of HELLO and
 * CHALLENGE: they cover both nonces, both identities, the channel and the versions, so nothing can be replayed (fresh
 * nonces), reflected (the role) or moved to another connection (the purpose, and for TLS the session's own key
 * material). The dialler proves itself first, so a stranger who dials learns no MAC to guess secrets with.
 * Each side may refuse at each step, with a reason that is said, counted and logged.
 */
import type { Challenge, Hello, PeerIdentity, Purpose, Refusal } from './handshake-messages.ts';
import {
  encodeChallenge,
  encodeHello,
  encodeMac,
  encodeRefuse,
  NONCE_BYTES,
  parseHandshake,
} from './handshake-messages.ts';
import type { VersionRange } from './protocol.ts';
import { commonVersion } from './protocol.ts';

/** What the machine needs of the world. */
export interface HandshakeTools {
  nonce(size: number): Uint8Array;
  /** HMAC-SHA-256 of the parts under the cluster's secret; all zeros without a secret. 32 bytes. */
  mac(parts: readonly Uint8Array[]): Uint8Array;
  /** SHA-256 of the parts, hexadecimal. */
  digest(parts: readonly Uint8Array[]): string;
  /** In constant time. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

export interface HandshakeSelf extends PeerIdentity {
  readonly versions: VersionRange;
  readonly hasSecret: boolean;
  /** Of this TLS session (RFC 9266 in spirit); empty without TLS. */
  readonly binding: Uint8Array;
}

export interface Established {
  readonly peer: PeerIdentity;
  readonly version: number;
  readonly purpose: Purpose;
  /** The name of the link that a control connection makes; both sides have the same. */
  readonly session: string;
  readonly parallelism: readonly number[];
  readonly isDialler: boolean;
}

export type HandshakeStep =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  | { readonly kind: 'established'; readonly result: Established }
  /** `by`: who refused. After `send` of a refusal of ours. */
  | {
      readonly kind: 'refused';
      readonly reason: Refusal;
      readonly text: string;
      readonly by: 'us' | 'peer';
      /** As far as it was said; proved to nobody. */
      readonly claimed: PeerIdentity | undefined;
    };

/** May the peer have this connection? Asked of the acceptor when the peer is proved, of the dialler when it is named. */
export type Admit = (
  peer: PeerIdentity,
  purpose: Purpose,
  isDialler: boolean,
) => Refusal | undefined;

const BY_DIALLER = new TextEncoder().encode('bondy peer dialler 1');
const BY_ACCEPTOR = new TextEncoder().encode('bondy peer acceptor 1');

export class Handshake {
  readonly #self: HandshakeSelf;
  readonly #tools: HandshakeTools;
  readonly #admit: Admit;
  /** The dialler's. */
  readonly #plan:
    { readonly purpose: Purpose; readonly parallelism: readonly number[] } | undefined;
  #awaits: 'hello' | 'challenge' | 'proof' | 'welcome' | 'nothing';
  #helloBytes: Uint8Array = new Uint8Array(0);
  #challengeBytes: Uint8Array = new Uint8Array(0);
  #hello: Hello | undefined;
  #challenge: Challenge | undefined;

  /** With a plan it dials, without it accepts. */
  constructor(
    self: HandshakeSelf,
    tools: HandshakeTools,
    admit: Admit,
    plan?: { readonly purpose: Purpose; readonly parallelism: readonly number[] },
  ) {
    this.#self = self;
    this.#tools = tools;
    this.#admit = admit;
    this.#plan = plan;
    this.#awaits = plan === undefined ? 'hello' : 'challenge';
  }

  /** The dialler's first words. */
  start(): readonly HandshakeStep[] {
    if (this.#plan === undefined) return [];
    const nonce = this.#tools.nonce(NONCE_BYTES);
    this.#hello = { kind: 'hello', ...this.#self, ...this.#plan, nonce };
    this.#helloBytes = encodeHello(this.#hello);
    return [{ kind: 'send', bytes: this.#helloBytes }];
  }

  /** `bytes`: one frame. After `established` or `refused` nothing is answered any more. */
  receive(bytes: Uint8Array): readonly HandshakeStep[] {
    if (this.#awaits === 'nothing') return [];
    const message = parseHandshake(bytes);
    if (message === undefined) return this.#refuse('protocol', 'not a handshake');
    if (message.kind === 'refuse') {
      this.#awaits = 'nothing';
      const claimed = this.#challenge ?? (this.#plan ? undefined : this.#hello);
      return [{ kind: 'refused', reason: message.reason, text: message.text, by: 'peer', claimed }];
    }
    if (message.kind === 'foreign_hello' && this.#awaits === 'hello') {
      const known = commonVersion(this.#self.versions, message.versions);
      if (known === undefined) return this.#refuseVersions(message.versions);
      return this.#refuse('protocol', 'malformed hello');
    }
    if (message.kind !== this.#awaits) {
      return this.#refuse('protocol', `${message.kind} instead of ${this.#awaits}`);
    }
    switch (message.kind) {
      case 'hello':
        return this.#onHello(message, bytes);
      case 'challenge':
        return this.#onChallenge(message, bytes);
      default:
        return this.#onMac(message.kind, message.mac);
    }
  }

  /** The shell's own reasons: a timeout. */
  abandon(reason: Refusal, text: string): readonly HandshakeStep[] {
    return this.#awaits === 'nothing' ? [] : this.#refuse(reason, text);
  }

  #onHello(hello: Hello, bytes: Uint8Array): readonly HandshakeStep[] {
    this.#hello = hello;
    this.#helloBytes = new Uint8Array(bytes);
    const version = commonVersion(this.#self.versions, hello.versions);
    if (version === undefined) return this.#refuseVersions(hello.versions);
    const refusal = this.#refusalOf(hello);
    if (refusal !== undefined) return refusal;
    const nonce = this.#tools.nonce(NONCE_BYTES);
    const { node, instance, cluster, hasSecret } = this.#self;
    this.#challengeBytes = encodeChallenge({ node, instance, cluster, hasSecret, version, nonce });
    this.#challenge = { kind: 'challenge', ...this.#self, version, nonce };
    this.#awaits = 'proof';
    return [{ kind: 'send', bytes: this.#challengeBytes }];
  }

  #onChallenge(challenge: Challenge, bytes: Uint8Array): readonly HandshakeStep[] {
    this.#challenge = challenge;
    this.#challengeBytes = new Uint8Array(bytes);
    const { min, max } = this.#self.versions;
    if (challenge.version < min || challenge.version > max) {
      return this.#refuseVersions({ min: challenge.version, max: challenge.version });
    }
    const refusal = this.#refusalOf(challenge);
    if (refusal !== undefined) return refusal;
    const unwanted = this.#admit(challenge, this.#plan!.purpose, true);
    if (unwanted !== undefined) return this.#refuse(unwanted, `${challenge.node.name} dialled`);
    this.#awaits = 'welcome';
    return [{ kind: 'send', bytes: encodeMac('proof', this.#mac(BY_DIALLER)) }];
  }

  #onMac(kind: 'proof' | 'welcome', mac: Uint8Array): readonly HandshakeStep[] {
    const { equal } = this.#tools;
    const expected = this.#mac(kind === 'proof' ? BY_DIALLER : BY_ACCEPTOR);
    if (!equal(mac, expected)) return this.#refuse('authentication', 'the secrets differ');
    const result = this.#result();
    if (kind === 'welcome') {
      this.#awaits = 'nothing';
      return [{ kind: 'established', result }];
    }
    const unwanted = this.#admit(result.peer, result.purpose, false);
    if (unwanted !== undefined) return this.#refuse(unwanted, `${result.peer.node.name} dialled`);
    this.#awaits = 'nothing';
    const bytes = encodeMac('welcome', this.#mac(BY_ACCEPTOR));
    return [
      { kind: 'send', bytes },
      { kind: 'established', result },
    ];
  }

  #refusalOf(
    peer: PeerIdentity & { readonly hasSecret: boolean },
  ): readonly HandshakeStep[] | undefined {
    const { cluster, hasSecret, node, instance } = this.#self;
    if (peer.cluster !== cluster) {
      return this.#refuse('cluster', `cluster ${peer.cluster} is not ${cluster}`);
    }
    if (peer.hasSecret !== hasSecret) {
      return this.#refuse('authentication', 'only one side has a secret');
    }
    if (peer.node.name !== node.name) return undefined;
    return peer.instance === instance
      ? this.#refuse('self', 'a node need not link to itself')
      : this.#refuse('same_name', `two nodes are called ${node.name}`);
  }

  #mac(role: Uint8Array): Uint8Array {
    return this.#tools.mac([role, ...this.#transcript(), this.#self.binding]);
  }

  /** Lengths first, so that no other two messages give the same bytes. */
  #transcript(): readonly Uint8Array[] {
    const lengths = `${this.#helloBytes.length} ${this.#challengeBytes.length} `;
    return [new TextEncoder().encode(lengths), this.#helloBytes, this.#challengeBytes];
  }

  #result(): Established {
    const hello = this.#hello!;
    const challenge = this.#challenge!;
    const isDialler = this.#plan !== undefined;
    const { node, instance, cluster } = isDialler ? challenge : hello;
    return {
      peer: { node, instance, cluster },
      version: challenge.version,
      purpose: hello.purpose,
      session: hello.purpose.session ?? this.#tools.digest(this.#transcript()).slice(0, 32),
      parallelism: hello.parallelism,
      isDialler,
    };
  }

  #refuseVersions({ min, max }: VersionRange): readonly HandshakeStep[] {
    const ours = this.#self.versions;
    return this.#refuse(
      'version',
      `versions ${min}-${max} and ${ours.min}-${ours.max} have none in common`,
    );
  }

  #refuse(reason: Refusal, text: string): readonly HandshakeStep[] {
    this.#awaits = 'nothing';
    const claimed = this.#plan === undefined ? this.#hello : this.#challenge;
    return [
      { kind: 'send', bytes: encodeRefuse(reason, text) },
      { kind: 'refused', reason, text, by: 'us', claimed },
    ];
  }
}
