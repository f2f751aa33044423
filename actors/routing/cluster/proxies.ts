/**
 * Members that stand for sessions of other nodes, so that dealer and broker are one code for near and far. A callee's
 * proxy turns INVOCATION and INTERRUPT into relayed messages; a caller's proxy does so with RESULT and ERROR.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { Outlet, SendResult, TransportInfo } from '../../../runtime/net/connection.ts';
import type { SharedFrame } from '../../../runtime/net/shared-frame.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import type { Id, Invocation, RouterMessage } from '../../../runtime/wamp/message.ts';
import {
  CALL,
  EMPTY,
  ERROR,
  INTERRUPT,
  INVOCATION,
  RESULT,
  YIELD,
} from '../../../runtime/wamp/message.ts';
import type { Relaying, RelayMessage, RelayPort } from '../../relay/api.ts';
import type { Member, PeerFeatures } from '../api.ts';

export interface ProxyParts {
  readonly realm: string;
  readonly relay: RelayPort;
  /** For what the node itself says. */
  readonly codec: Codec;
  /** The last request of an invocation to another node; outlives the router. */
  readonly requests: { last: number };
}

const NO_FEATURES: PeerFeatures = {
  publisher: undefined,
  subscriber: undefined,
  caller: undefined,
  callee: undefined,
};

const NOWHERE: TransportInfo = {
  kind: 'in_process',
  batched: false,
  tls: false,
  peer: { address: '', port: 0 },
  listener: 'cluster',
};

class FarMember implements Member {
  readonly id: Id;
  readonly authid = '';
  readonly authrole = '';
  readonly authmethod = '';
  readonly authprovider = '';
  readonly authextra = EMPTY;
  readonly trustlevel = undefined;
  readonly transport = NOWHERE;
  readonly session = undefined;
  readonly joinedAt = 0;
  readonly features: PeerFeatures;
  readonly outlet: ProxyOutlet;
  readonly #requests: { last: number };

  constructor(id: Id, features: PeerFeatures, outlet: ProxyOutlet, requests: { last: number }) {
    this.id = id;
    this.features = features;
    this.outlet = outlet;
    this.#requests = requests;
  }

  /** One count for all: a request is never used twice, also when a node is forgotten and comes back. */
  get lastInvocation(): number {
    return this.#requests.last;
  }
  set lastInvocation(request: number) {
    if (request > this.#requests.last) this.#requests.last = request;
  }
}

abstract class ProxyOutlet implements Outlet {
  readonly codec: Codec;
  readonly backlog = 0;
  readonly node: NodeId;
  readonly session: Id;
  readonly parts: ProxyParts;

  constructor(parts: ProxyParts, node: NodeId, session: Id) {
    this.codec = parts.codec;
    this.parts = parts;
    this.node = node;
    this.session = session;
  }

  get isCongested(): boolean {
    return this.parts.relay.isCongested(this.node.name);
  }

  abstract send(message: RouterMessage): SendResult;

  sendShared(frame: SharedFrame): SendResult {
    return this.send(frame.message);
  }

  relay(message: RelayMessage): SendResult {
    const sent = this.parts.relay.send(this.node.name, message);
    return sent === 'unreachable' ? 'closed' : sent;
  }
}

export class CalleeOutlet extends ProxyOutlet {
  /** The first word of a call, which another callee may have when this one cannot be reached. */
  invoke(message: Invocation, caller: Member): Relaying {
    const { realm, relay } = this.parts;
    const takesPassthru = caller.features.caller?.has('payload_passthru_mode') ?? false;
    const { session: callee } = this;
    return relay.try(this.node, {
      kind: 'invocation',
      realm,
      callee,
      isChunk: false,
      takesPassthru,
      message,
    });
  }

  send(message: RouterMessage): SendResult {
    const { realm } = this.parts;
    const { session: callee } = this;
    switch (message.type) {
      case INVOCATION:
        return this.relay({
          kind: 'invocation',
          realm,
          callee,
          isChunk: true,
          takesPassthru: false,
          message,
        });
      case INTERRUPT: {
        const mode = message.options['mode'] === 'kill' ? 'kill' : 'killnowait';
        const { request } = message;
        return this.relay({ kind: 'interrupt', realm, callee, request, mode });
      }
      default:
        return 'closed'; // its own router tells it everything else
    }
  }
}

export class CallerOutlet extends ProxyOutlet {
  send(message: RouterMessage): SendResult {
    const { realm } = this.parts;
    const { session: callee } = this;
    if (message.type === RESULT) {
      const { request, details: options, payload } = message;
      const answer = { type: YIELD, request, options, payload } as const;
      return this.relay({ kind: 'answer', realm, callee, message: answer });
    }
    if (message.type === ERROR && message.requestType === CALL) {
      const answer = { ...message, requestType: INVOCATION };
      return this.relay({ kind: 'answer', realm, callee, message: answer });
    }
    return 'closed';
  }
}

/** It stands for a session of another node. */
export function isFar(member: Member): boolean {
  return member instanceof FarMember;
}

export function calleeProxy(
  parts: ProxyParts,
  node: NodeId,
  session: Id,
  features: readonly string[],
): Member & { readonly outlet: CalleeOutlet } {
  const outlet = new CalleeOutlet(parts, node, session);
  const announced = { ...NO_FEATURES, callee: new Set(features) };
  const proxy = new FarMember(session, announced, outlet, parts.requests);
  return proxy as FarMember & { readonly outlet: CalleeOutlet };
}

/** `callee`: whom it calls; there is one for each, because requests count per callee. */
export function callerProxy(parts: ProxyParts, node: NodeId, callee: Id): Member {
  return new FarMember(callee, NO_FEATURES, new CallerOutlet(parts, node, callee), { last: 0 });
}
