/** Keys of the admin server: health, metrics, the tree. */
import { OPENNESS } from '../../actors/admin/access/openness.ts';
import type { AdminConfig } from '../../actors/admin/config.ts';
import { ADMIN_DEFAULTS as DEFAULTS } from '../../actors/admin/config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { address, hostName } from '../../runtime/config/place-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import {
  byteSize,
  duration,
  integer,
  oneOf,
  onOff,
  port,
  text,
} from '../../runtime/config/scalar-types.ts';
import { list } from '../../runtime/config/type.ts';
import { certificateKeys, placeKeys } from './listener-keys.ts';
import { certificateConflicts, certificateOf } from './listeners.ts';

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
  https: {
    ...placeKeys(
      'admin_api.https',
      'the same over TLS, with the other keys of `admin_api.http`',
      DEFAULTS.https,
    ),
    tls: certificateKeys('admin_api.https'),
  },
  allowedHosts: key({
    name: 'admin_api.http.allowed_hosts',
    type: list(hostName),
    default: DEFAULTS.allowedHosts,
    doc:
      'Host names that requests may be addressed to, besides loopback names and the address of the socket. ' +
      'Others are refused, so that no web page can reach the port by a name of its own.',
  }),
  openness: key({
    name: 'admin_api.http.open',
    type: oneOf(OPENNESS),
    default: DEFAULTS.openness,
    doc:
      'What shows the node (`/tree`, `/cluster`, `/metrics`, the page …) is answered without a login: `loopback` to ' +
      'connections from this machine, `metrics` the metrics to everybody besides, `everywhere` to everybody who reaches the ' +
      'port, `off` to nobody. `/ping` and `/ready` always are; the API of realms and users (docs/admin-http.md) never is.',
  }),
  allowedOrigins: key({
    name: 'admin_api.http.cors_origins',
    type: list(
      text({
        name: 'origin',
        pattern: /^https?:\/\/[a-z0-9.:[\]-]+$/,
        advice: 'Write it in lower case and without a path: https://admin.example.com',
      }),
    ),
    default: DEFAULTS.allowedOrigins,
    doc:
      'Origins of web pages elsewhere that may use the API, with a login that their script has. ' +
      'Requests of other pages are refused.',
  }),
  maxRate: key({
    name: 'admin_api.http.max_rate',
    type: integer({ min: 1, max: 1_000_000 }),
    default: DEFAULTS.maxRate,
    doc:
      'Requests per second from one address that need a login, twice as many in a burst; further ones are answered 429. ' +
      'Low: scripts are refused. High: whoever reaches the port may load the node.',
  }),
  maxBodyBytes: key({
    name: 'admin_api.http.max_body',
    type: byteSize({ min: 1024, max: 64 * MB }),
    default: DEFAULTS.maxBodyBytes,
    doc:
      'Size of a request of the API. Low: realms with many users cannot be written at once. High: reading one request ' +
      'holds up the node.',
  }),
  rememberLoginMs: key({
    name: 'admin_api.http.remember_login',
    type: duration({ min: 0, max: 600_000 }),
    default: DEFAULTS.rememberLoginMs,
    doc:
      'For how long a password that was right is not hashed again; a user who is disabled or has another one is refused ' +
      'at once all the same. Low: each request of a script costs a hash. High: nothing but memory.',
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

type AdminValues = Values<typeof adminKeys>;

export function adminConfig({ https, ...values }: AdminValues): AdminConfig {
  return { ...values, https: { ...https, tls: certificateOf(https.tls) } };
}

export function adminConflicts({ https }: AdminValues): Conflict[] {
  return certificateConflicts('admin_api.https', https);
}
