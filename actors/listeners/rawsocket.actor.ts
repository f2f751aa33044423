/** The RawSocket listener: a port, and a session for everybody who shook hands. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import type { NetEnvironment } from '../../runtime/net/environment.ts';
import { KeepAlive } from '../../runtime/net/keep-alive.ts';
import { RawSocketFront } from '../../runtime/net/rawsocket.ts';
import { lengthExponent } from '../../runtime/net/rawsocket-handshake.ts';
import type { ListenerMessage } from './api.ts';
import type { RawSocketListenerConfig } from './config.ts';
import { listenerHandlers } from './port.ts';

type Message = ListenerMessage<RawSocketListenerConfig>;

export function rawsocketListener(
  config: RawSocketListenerConfig,
  environment: NetEnvironment,
): Definition<Message> {
  return {
    class: 'control',
    startsLater: true,
    init: (context) =>
      listenerHandlers(context, config, environment, 'rawsocket', (current, onConnection) => {
        const host = {
          environment,
          limits: current,
          minPeerExponent: lengthExponent(current.minPeerBytes),
          keepAlive: new KeepAlive(current),
        };
        return new RawSocketFront(host, current.section, onConnection);
      }),
  };
}
