/** Connections that speak the protocol by hand, with whatever they like to claim: strangers, and members that lie. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { FrameReader } from '../../../runtime/net/peer/frame-reader.ts';
import type { HandshakeStep } from '../../../runtime/net/peer/handshake.ts';
import { Handshake } from '../../../runtime/net/peer/handshake.ts';
import type { HandshakeMessage } from '../../../runtime/net/peer/handshake-messages.ts';
import { parseHandshake } from '../../../runtime/net/peer/handshake-messages.ts';
import { handshakeTools } from '../../../runtime/net/peer/handshake-tools.ts';
import type { ChannelName } from '../../../runtime/net/peer/port.ts';
import { VERSIONS } from '../../../runtime/net/peer/protocol.ts';
import { Inbox } from '../../support/inbox.ts';
import { SECRET } from './peers.ts';
import type { Peer } from './peers.ts';

/** A socket that speaks frames and nothing else. */
export class Stranger {
  readonly socket: Socket;
  readonly frames = new Inbox<Uint8Array>();
  readonly closed: Promise<void>;

  constructor(t: TestContext, { address }: Pick<Peer, 'address'>, localAddress?: string) {
    const socket = connect(localAddress === undefined ? address : { ...address, localAddress });
    this.socket = socket;
    t.after(() => socket.destroy());
    const reader = new FrameReader(1e8);
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      while (reader.next() === 'frame') {
        this.frames.push(new Uint8Array(reader.bytes.subarray(reader.start, reader.end)));
      }
    });
    socket.on('error', () => {}); // followed by close
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    void this.closed.then(() => this.frames.end('it was closed'));
  }

  say(frame: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    this.socket.write(Buffer.concat([length, frame]));
  }

  async answer(): Promise<HandshakeMessage> {
    return parseHandshake(await this.frames.next(3000, 'answer'))!;
  }

  async refusal(): Promise<string> {
    const answer = await this.answer();
    assert.equal(answer.kind, 'refuse');
    return answer.kind === 'refuse' ? answer.reason : '';
  }
}

export interface Claim {
  readonly name?: string;
  readonly incarnation?: number;
  readonly instance?: string;
  readonly cluster?: string;
  readonly secret?: string | undefined;
  readonly versions?: { readonly min: number; readonly max: number };
  readonly session?: string;
  readonly channel?: ChannelName;
}

type Listening = Pick<Peer, 'address'>;

/** The dialler's side, with whatever it claims. */
export function dialler(claim: Claim = {}): Handshake {
  const { name = 'mallory', incarnation = 1, instance = 'x', cluster = 'bondy' } = claim;
  const secret = 'secret' in claim ? claim.secret : SECRET;
  const self = { node: { name, incarnation }, instance, cluster, binding: new Uint8Array(0) };
  const purpose = { channel: claim.channel ?? 'control', slot: 0, session: claim.session };
  return new Handshake(
    { ...self, versions: claim.versions ?? VERSIONS, hasSecret: secret !== undefined },
    handshakeTools(secret),
    () => undefined,
    { purpose, parallelism: [1, 1, 1, 1] },
  );
}

export function spoken(steps: readonly HandshakeStep[]): Uint8Array {
  const [first] = steps;
  assert.equal(first?.kind, 'send');
  return first.kind === 'send' ? first.bytes : new Uint8Array(0);
}

/** Shakes hands to the end, as a member would: a connection, and the session of its link. */
export async function join(
  t: TestContext,
  peer: Listening,
  claim: Claim = {},
): Promise<readonly [Stranger, string]> {
  const stranger = new Stranger(t, peer);
  const handshake = dialler(claim);
  stranger.say(spoken(handshake.start()));
  stranger.say(spoken(handshake.receive(await stranger.frames.next(3000, 'challenge'))));
  const last = handshake.receive(await stranger.frames.next(3000, 'welcome')).at(-1);
  assert(last?.kind === 'established', JSON.stringify(last));
  return [stranger, last.result.session];
}

/** A complete link from raw sockets. */
export async function linkOf(
  t: TestContext,
  peer: Listening,
  claim: Claim = {},
): Promise<Readonly<Record<ChannelName, Stranger>>> {
  const [control, session] = await join(t, peer, claim);
  const further = async (channel: ChannelName): Promise<Stranger> =>
    (await join(t, peer, { ...claim, session, channel }))[0];
  const [broadcast, store, relay] = [
    await further('broadcast'),
    await further('store'),
    await further('relay'),
  ];
  return { control, broadcast, store, relay };
}
