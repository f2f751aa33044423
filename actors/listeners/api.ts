/** What can be said to a listener. */
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { RawSocketListenerConfig, WebSocketListenerConfig } from './config.ts';

export interface ListenerInfo {
  readonly name: string;
  readonly kind: 'websocket' | 'rawsocket';
  /** As bound; undefined port: not listening (any more). */
  readonly address: string;
  readonly port: number | undefined;
  readonly tls: boolean;
  readonly connections: number;
}

export type ListenerMessage<C = WebSocketListenerConfig | RawSocketListenerConfig> =
  /** Frees the port. Connections stay. */
  | { readonly kind: 'stop_accepting' }
  /** Certificates and limits for connections to come; address and port need a restart. */
  | { readonly kind: 'reload'; readonly config: C }
  | { readonly kind: 'info'; readonly reply: ReplyTo<ListenerInfo> }
  /** From its own socket. */
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  | { readonly kind: 'failed'; readonly error: Error & { readonly code?: string } };

/** A listener is registered under the name of its configuration section. */
export function listenerName<C>(section: string): Name<ListenerMessage<C>> {
  return name(`listener:${section}`);
}
