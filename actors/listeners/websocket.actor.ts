/** The WebSocket listener: a port, the HTTP side of it, and a session for everybody who got through. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import type { NetEnvironment } from '../../runtime/net/environment.ts';
import { trustedList } from '../../runtime/net/forwarded.ts';
import { KeepAlive } from '../../runtime/net/keep-alive.ts';
import { WebSocketFront } from '../../runtime/net/websocket-server.ts';
import type { ListenerMessage } from './api.ts';
import type { WebSocketListenerConfig } from './config.ts';
import { listenerHandlers } from './port.ts';

type Message = ListenerMessage<WebSocketListenerConfig>;

export function websocketListener(
  config: WebSocketListenerConfig,
  environment: NetEnvironment,
): Definition<Message> {
  return {
    class: 'control',
    startsLater: true,
    init: (context) =>
      listenerHandlers(context, config, environment, 'websocket', (current, onConnection) => {
        const { section, trustedProxies } = current;
        const host = { environment, limits: current, keepAlive: new KeepAlive(current) };
        const options = {
          name: section,
          path: current.path,
          allowedOrigins: current.allowedOrigins,
          deflate: current.deflate,
          forwardedHeader: current.forwardedHeader,
          trustedProxies: trustedProxies.length > 0 ? trustedList(trustedProxies) : undefined,
        };
        return new WebSocketFront(host, options, onConnection);
      }),
  };
}
