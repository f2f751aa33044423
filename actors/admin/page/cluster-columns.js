/** The columns of the cluster's tables. */
import { bytes, count, duration, milliseconds, orNone, rate, words } from './text.js';

const perSecond = (value) => (value === 0 ? '0' : `${bytes(value)}/s`);

export const MEMBER_COLUMNS = [
  { title: 'Node', kind: 'name', text: ({ name, isSelf }) => (isSelf ? `${name} (this)` : name) },
  { title: 'State', kind: 'state', text: ({ state }) => words(state) },
  { title: 'For', kind: 'number', text: ({ sinceMs }) => orNone(sinceMs, duration) },
  { title: 'Round trip', kind: 'number', text: ({ rttMs }) => orNone(rttMs, milliseconds) },
  { title: 'Queued', kind: 'number', text: ({ queuedBytes }) => orNone(queuedBytes, bytes) },
  { title: 'Address', kind: 'text', text: ({ addresses }) => addresses.join(', ') },
  { title: 'Incarnation', kind: 'number', text: ({ incarnation }) => String(incarnation) },
];

export const CHANNEL_COLUMNS = [
  { title: 'Peer', kind: 'name', text: ({ link, isFirst }) => (isFirst ? link.peer : '') },
  {
    title: 'Round trip',
    kind: 'number',
    text: ({ link, isFirst }) => (isFirst ? orNone(link.rttMs, milliseconds) : ''),
  },
  { title: 'Channel', kind: 'text', text: ({ channel }) => channel },
  {
    title: 'Sockets',
    kind: 'number',
    text: ({ connections, parallelism }) => `${connections}/${parallelism}`,
  },
  { title: 'Queued', kind: 'number', text: ({ queuedBytes }) => bytes(queuedBytes) },
  { title: 'Out', kind: 'number', text: (row) => perSecond(row.rate.sentBytes) },
  { title: 'In', kind: 'number', text: (row) => perSecond(row.rate.receivedBytes) },
  { title: 'Msg/s out', kind: 'number', text: (row) => rate(row.rate.sentMessages) },
  { title: 'Msg/s in', kind: 'number', text: (row) => rate(row.rate.receivedMessages) },
  { title: 'Overloaded', kind: 'number', text: ({ overloaded }) => count(overloaded) },
];

export const PARTITION_COLUMNS = [
  { title: 'Partition', kind: 'name', text: ({ partition }) => String(partition) },
  { title: 'State', kind: 'state', text: ({ state }) => state },
  { title: 'Rows', kind: 'number', text: ({ rows }) => count(rows) },
  { title: 'Tombstones', kind: 'number', text: ({ tombstones }) => orNone(tombstones, count) },
  { title: 'Damaged', kind: 'number', text: ({ damaged }) => count(damaged) },
  { title: 'Quarantined', kind: 'number', text: ({ quarantined }) => orNone(quarantined, count) },
  { title: 'Root', kind: 'text hash', text: ({ root }) => root },
];

export const EXCHANGE_COLUMNS = [
  { title: 'Peer', kind: 'name', text: ({ peer }) => peer },
  { title: 'Last exchange', kind: 'text', text: outcomeOf },
  { title: 'Ago', kind: 'number', text: ({ agoMs }) => duration(agoMs) },
  { title: 'Rows out', kind: 'number', text: ({ sent }) => count(sent) },
  { title: 'Rows in', kind: 'number', text: ({ received }) => count(received) },
  { title: 'Bytes', kind: 'number', text: (row) => bytes(row.bytes) },
  { title: 'Round trips', kind: 'number', text: ({ roundTrips }) => count(roundTrips) },
];

export const TREE_COLUMNS = [
  { title: 'Root', kind: 'name', text: ({ root }) => root },
  { title: 'Sends to', kind: 'text', text: ({ eager }) => names(eager) },
  { title: 'Announces to', kind: 'text', text: ({ lazy }) => names(lazy) },
];

export const OWNER_COLUMNS = [
  { title: 'Node', kind: 'name', text: ({ node }) => node },
  { title: 'State', kind: 'state', text: ({ state }) => state },
  { title: 'Entries', kind: 'number', text: ({ entries }) => count(entries) },
  { title: 'Sequence', kind: 'number', text: ({ sequence }) => count(sequence) },
  { title: 'Behind', kind: 'number', text: ({ behind }) => orNone(behind, count) },
  { title: 'Held messages', kind: 'number', text: ({ held }) => count(held?.messages ?? 0) },
  { title: 'Held', kind: 'number', text: ({ held }) => bytes(held?.bytes ?? 0) },
];

function outcomeOf({ outcome, reason }) {
  return reason === undefined ? outcome : `${outcome}: ${reason}`;
}

function names(all) {
  return all.length === 0 ? 'nobody' : all.join(', ');
}
