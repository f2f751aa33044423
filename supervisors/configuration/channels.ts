/** Keys of the channels between nodes: the same four for each. */
import { DEFAULT_LINKS } from '../../actors/links/config.ts';
import { byteSize, integer, onOff } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { optional } from '../../runtime/config/type.ts';
import type { ChannelName } from '../../runtime/net/peer/port.ts';
import { CHANNELS, COMPRESSED_BYTES, MAX_PARALLELISM } from '../../runtime/net/peer/protocol.ts';
import type { ChannelOptions } from '../../runtime/net/peer/settings.ts';

const MIB = 1024 * 1024;

function keysOf(channel: ChannelName) {
  const { parallelism, isMonotonic, compressFromBytes, queueBytes } =
    DEFAULT_LINKS.channels[channel];
  return {
    parallelism: key({
      name: `cluster.channels.${channel}.parallelism`,
      type: integer({ min: 1, max: MAX_PARALLELISM }),
      default: parallelism,
      doc:
        `Connections of \`${channel}\` to each node, as the node that dials has it. More only help long, fast ` +
        'networks and cost a socket each.',
    }),
    isMonotonic: key({
      name: `cluster.channels.${channel}.monotonic`,
      type: onOff,
      default: isMonotonic,
      doc: 'A message that waits is replaced by a newer one with the same key, where messages have keys.',
    }),
    compressFromBytes: key({
      name: `cluster.channels.${channel}.compress_from`,
      type: optional(byteSize({ min: 128, max: COMPRESSED_BYTES })),
      default: compressFromBytes,
      doc: 'Deflate messages from this size to 1 MiB: less network for more processor. Without it none.',
    }),
    queueBytes: key({
      name: `cluster.channels.${channel}.queue_size`,
      type: byteSize({ min: 64 * 1024, max: 1024 * MIB }),
      default: queueBytes,
      doc: 'Bytes that wait for one node; more are refused as overloaded. High: a slow node costs memory.',
    }),
  };
}

export const channelKeys = {
  control: keysOf('control'),
  broadcast: keysOf('broadcast'),
  relay: keysOf('relay'),
  store: keysOf('store'),
};

export function channelOptions(
  values: Values<typeof channelKeys>,
): Readonly<Record<ChannelName, ChannelOptions>> {
  return Object.fromEntries(CHANNELS.map((name) => [name, values[name]])) as Record<
    ChannelName,
    ChannelOptions
  >;
}
