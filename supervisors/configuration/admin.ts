/** Keys of the admin server: health, metrics, the tree. */
import { ADMIN_DEFAULTS as DEFAULTS } from '../../actors/admin/config.ts';
import { address, hostName } from '../../runtime/config/place-types.ts';
import { key } from '../../runtime/config/schema.ts';
import { byteSize, duration, integer, onOff, port } from '../../runtime/config/scalar-types.ts';
import { list } from '../../runtime/config/type.ts';

const MB = 1024 * 1024;

export const adminKeys = {
  enabled: key({
    name: 'admin_api.http.enabled',
    type: onOff,
    default: DEFAULTS.enabled,
    doc:
      'Serve `/ping`, `/ready`, `/metrics`, `/tree` and the web page (docs/admin.md). `bondy tree`, `bondy cluster` and ' +
      '`bondy store` need it.',
  }),
  address: key({
    name: 'admin_api.http.ip',
    type: address,
    default: DEFAULTS.address,
    doc: "Address to listen on. Anything but loopback shows the node's inside to whoever reaches the port.",
  }),
  port: key({
    name: 'admin_api.http.port',
    type: port,
    default: DEFAULTS.port,
    doc: 'Port to listen on; 0 takes a free one.',
  }),
  allowedHosts: key({
    name: 'admin_api.http.allowed_hosts',
    type: list(hostName),
    default: DEFAULTS.allowedHosts,
    doc:
      'Host names that requests may be addressed to, besides loopback names and the address of the socket. ' +
      'Others are refused, so that no web page can reach the port by a name of its own.',
  }),
  maxConnections: key({
    name: 'admin_api.http.max_connections',
    type: integer({ min: 1, max: 1_000_000 }),
    default: DEFAULTS.maxConnections,
    doc: 'Connections at once. Low: probes are refused while somebody looks. High: a scanner holds descriptors.',
  }),
  maxStreams: key({
    name: 'admin_api.tree.max_streams',
    type: integer({ min: 1, max: 10_000 }),
    default: DEFAULTS.maxStreams,
    doc: 'Followers of the live tree at once; each costs a write per tick.',
  }),
  tickMs: key({
    name: 'admin_api.tree.tick',
    type: duration({ min: 100, max: 60_000 }),
    default: DEFAULTS.tickMs,
    doc: 'Between two reports to followers of the live tree. Low: costs turns. High: the page looks frozen.',
  }),
  changeDelayMs: key({
    name: 'admin_api.tree.change_delay',
    type: duration({ min: 0, max: 10_000 }),
    default: DEFAULTS.changeDelayMs,
    doc: 'How long a change of the tree waits for others, so that they are reported together.',
  }),
  maxSlowTicks: key({
    name: 'admin_api.tree.max_slow_ticks',
    type: integer({ min: 1, max: 1000 }),
    default: DEFAULTS.maxSlowTicks,
    doc: 'A follower that has not read the last report for this many ticks is cut; its page reconnects.',
  }),
  maxStreamBacklogBytes: key({
    name: 'admin_api.tree.max_backlog',
    type: byteSize({ min: MB, max: 1024 * MB }),
    default: DEFAULTS.maxStreamBacklogBytes,
    doc: 'Bytes waiting for a follower at which it is cut at once. Must be above the size of a whole tree.',
  }),
  childLimit: key({
    name: 'admin_api.tree.children',
    type: integer({ min: 1, max: 100_000 }),
    default: DEFAULTS.childLimit,
    doc: 'Children of one supervisor that are shown unless asked otherwise.',
  }),
  maxChildLimit: key({
    name: 'admin_api.tree.max_children',
    type: integer({ min: 1, max: 100_000 }),
    default: DEFAULTS.maxChildLimit,
    doc: 'The most that can be asked for. High: one request holds up the node while it lists them.',
  }),
};
