/** A process of its own that echoes RawSocket messages, for tests of what a process can run out of. Prints its port. */
import { DEFAULT_RAWSOCKET } from '../../actors/listeners/config.ts';
import { Acceptor } from '../../runtime/net/acceptor.ts';
import { createNetEnvironment } from '../../runtime/net/environment.ts';
import { KeepAlive } from '../../runtime/net/keep-alive.ts';
import { RawSocketFront } from '../../runtime/net/rawsocket.ts';
import { DEFAULT_LIMITS } from '../../runtime/wamp/codec.ts';
import { codecs } from '../../runtime/wamp/codecs.ts';
import { EVENT } from '../../runtime/wamp/message.ts';

const environment = createNetEnvironment({ codecs, count: () => {}, log: () => {} });
const host = {
  environment,
  limits: DEFAULT_RAWSOCKET,
  minPeerExponent: 0,
  keepAlive: new KeepAlive(DEFAULT_RAWSOCKET),
};
const front = new RawSocketFront(host, 'echo', (connection) =>
  connection.attach({
    onFrames({ bytes, ranges }) {
      const { codec } = connection.outlet;
      for (let i = 0; i < ranges.length; i += 2) {
        const message = codec.decode(bytes, ranges[i], ranges[i + 1], DEFAULT_LIMITS);
        if ('type' in message && message.type === EVENT) connection.outlet.send(message);
      }
    },
    onViolation: (detail) => connection.close(detail),
    onCongestion: () => {},
    onClose: () => {},
  }),
);
const acceptor = new Acceptor(
  {
    ...DEFAULT_RAWSOCKET,
    name: 'echo',
    port: 0,
    backlog: 64,
    secureContext: undefined,
    trustedProxies: undefined,
  },
  environment,
  {
    onListening: (_address, port) => process.stdout.write(`${port}\n`),
    onFailure: (error) => {
      throw error;
    },
    onSocket: (accepted) => front.serve(accepted),
  },
);
acceptor.listen();
process.stdin.resume().on('end', () => process.exit(0));
