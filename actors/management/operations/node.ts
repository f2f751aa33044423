/** What other parts of a node perform: the cluster, tickets, the store, backups, figures. */
import type { TProperties, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { Caller } from '../api.ts';
import { NameText } from '../documents/names.ts';
import { apiError } from '../errors.ts';
import type { Access, Done, Operation } from '../operation.ts';
import { operation } from '../operation.ts';
import type { BackupVerb, ClusterVerb, ManagementPorts, StoreVerb, TicketVerb } from '../ports.ts';

/** Performed by others; what this node has not is no procedure. */
function passedOn<V extends string>(
  spec: {
    readonly uri: string;
    readonly access: Access;
    readonly summary: string;
    readonly args?: TProperties;
    readonly kwargs?: TProperties;
    readonly isChange?: boolean;
    readonly takesLong?: boolean;
    readonly result?: TSchema;
    readonly pageBy?: readonly string[];
    readonly verb: V;
  },
  port: (ports: ManagementPorts) => { perform: PerformOf<V> } | undefined,
): Operation {
  return operation({
    ...spec,
    result: spec.result ?? Type.Unknown(),
    run({ args, kwargs, caller, realm, ports, uri }, done) {
      const performer = port(ports);
      if (!performer) {
        return done({ error: apiError('noSuchProcedure', `${uri} is not possible on this node`) });
      }
      const request = { caller, realm, args: args as Dict, kwargs: kwargs as Dict };
      performer.perform(spec.verb, request, done);
    },
  });
}

type PerformOf<V extends string> = (
  verb: V,
  request: {
    readonly caller: Caller;
    readonly realm: string;
    readonly args: Dict;
    readonly kwargs: Dict;
  },
  done: Done,
) => void;

function cluster(
  verb: ClusterVerb,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const isChange = verb === 'join' || verb === 'leave' || verb === 'remove';
  const uri = `bondy.cluster.${verb}`;
  const spec = { uri, access: 'admin', summary, args, kwargs, isChange, verb } as const;
  return passedOn(spec, (ports) => ports.cluster);
}

export const clusterOperations: readonly Operation[] = [
  cluster('members', 'The nodes of the cluster.'),
  cluster('info', 'This node and those it knows.'),
  cluster('connections', 'The nodes that this one has a link with.'),
  cluster('join', 'Joins the cluster of the node at this address.', {
    address: Type.String({ maxLength: 300 }),
  }),
  cluster('leave', 'This node leaves the cluster, for good.'),
  cluster(
    'remove',
    'Removes a node that will not come back.',
    { node: NameText },
    { force: Type.Optional(Type.Boolean()) },
  ),
];

function ticket(
  verb: TicketVerb,
  access: Access,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const uri = `bondy.ticket.${verb}`;
  const result = verb.startsWith('revoke') ? Type.Null() : Type.Unknown();
  const spec = { uri, access, summary, args, kwargs, isChange: verb !== 'verify', result, verb };
  return passedOn(spec, (ports) => ports.tickets);
}

const Token = Type.String({ minLength: 1, maxLength: 16_384 });

export const ticketOperations: readonly Operation[] = [
  ticket(
    'issue',
    'anyone',
    'Issues a ticket for the user of the session that asks.',
    {},
    {
      expiry_time_secs: Type.Optional(Type.Integer({ minimum: 1 })),
      allow_sso: Type.Optional(Type.Boolean()),
      client_id: Type.Optional(NameText),
      device_id: Type.Optional(NameText),
      client_ticket: Type.Optional(Token),
    },
  ),
  ticket('verify', 'realm', 'The claims of a ticket that is valid.', { ticket: Token }),
  passedOn(
    {
      ...{ uri: 'bondy.ticket.list', verb: 'list', access: 'realm', pageBy: ['authid', 'id'] },
      summary: 'Tickets that open sessions, if their kind is kept; not what to open them with.',
      result: Type.Array(Type.Object({}, { additionalProperties: true })),
    },
    (ports) => ports.tickets,
  ),
  ticket('revoke', 'realm', 'Revokes a ticket; the sessions that it has opened end.', {
    ticket: Token,
  }),
  ticket(
    'revoke_listed',
    'realm',
    'Revokes a ticket of the list; the sessions that it has opened end.',
    { authid: NameText, id: NameText },
  ),
  ticket(
    'revoke_all',
    'realm',
    'Revokes all tickets of a user; the sessions that they have opened end.',
    { authid: NameText },
  ),
];

function backup(
  verb: BackupVerb,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const uri = `bondy.backup.${verb}`;
  const isChange = verb === 'create' || verb === 'restore';
  const takesLong = verb === 'create';
  const spec = { uri, access: 'admin', summary, args, kwargs, isChange, takesLong, verb } as const;
  return passedOn(spec, (ports) => ports.backup);
}

function store(verb: StoreVerb, summary: string): Operation {
  const isChange = verb === 'repair';
  const uri = `bondy.store.${verb}`;
  const spec = { uri, access: 'admin', summary, isChange, takesLong: isChange, verb } as const;
  return passedOn(spec, (ports) => ports.store);
}

export const storeOperations: readonly Operation[] = [
  store('status', 'Partitions, rows and comparisons of the store of this node.'),
  store('check', 'Compares every row of the store of this node with its hash tree.'),
  store('repair', 'Checks, compares with every linked node, adds damaged hash trees up again.'),
];

const File = Type.Optional(
  Type.Union([Type.String({ maxLength: 1_024 }), Type.Object({}, { additionalProperties: true })]),
);

export const backupOperations: readonly Operation[] = [
  backup('create', 'Writes a backup of the store of this node.', { file: File }),
  backup(
    'restore',
    'Takes the rows of a backup into the store; with `as_new` as if they were written now.',
    { file: File },
    { as_new: Type.Optional(Type.Boolean()) },
  ),
  backup('verify', 'Whether a backup is whole.', { file: File }),
  backup('status', 'What is being written or restored, and what was last.', { file: File }),
  operation({
    uri: 'bondy.telemetry.metrics',
    access: 'admin',
    summary: 'The metrics of this node in the text format of Prometheus.',
    result: Type.String(),
    run: ({ ports }, done) =>
      ports.metrics((text) =>
        done(
          text instanceof Error ? { error: apiError('internal', text.message) } : { value: text },
        ),
      ),
  }),
];
