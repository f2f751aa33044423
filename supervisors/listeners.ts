import { listenerName } from '../actors/listeners/api.ts';
import type { ListenerMessage } from '../actors/listeners/api.ts';
import type {
  RawSocketListenerConfig,
  WebSocketListenerConfig,
} from '../actors/listeners/config.ts';
import { rawsocketListener } from '../actors/listeners/rawsocket.actor.ts';
import { websocketListener } from '../actors/listeners/websocket.actor.ts';
import type { Name } from '../runtime/kernel/actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { ListenersConfig } from './configuration/listeners.ts';
import { COOLING } from './intensities.ts';
import type { Parts } from './parts.ts';

/** A port that is lost is tried again until it is free; connections do not depend on it. */
export function listeners({ config, net }: Parts): ChildSpec {
  return {
    id: 'listeners',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      onExhausted: COOLING,
      children: () => {
        const { websocket, websocketTls, rawsocket, rawsocketTls } = config().listeners;
        return [
          ...[websocket, websocketTls].filter(isEnabled).map((listener) => ({
            id: listener.section,
            start: websocketListener(listener, net),
          })),
          ...[rawsocket, rawsocketTls].filter(isEnabled).map((listener) => ({
            id: listener.section,
            start: rawsocketListener(listener, net),
          })),
        ];
      },
    },
  };
}

/** Those that run, with the name each is registered under. */
export function enabledListeners(config: ListenersConfig): readonly {
  readonly config: WebSocketListenerConfig | RawSocketListenerConfig;
  readonly name: Name<ListenerMessage>;
}[] {
  return Object.values(config)
    .filter(isEnabled)
    .map((listener) => ({ config: listener, name: listenerName(listener.section) }));
}

function isEnabled({ enabled }: { readonly enabled: boolean }): boolean {
  return enabled;
}
