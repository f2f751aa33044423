/** The routes of the admin API: Bondy's, and those for what it has no routes for (sessions, tickets, the cluster). */
import type { Route } from './route.ts';
import { body, field, path, query, route } from './route.ts';

const REALM = '/realms/:realm_uri';
const realm = path('realm_uri');
const id = path('id');

const realmRoutes: readonly Route[] = [
  route('GET', '/realms', 'bondy.realm.list', [], { isPaged: true }),
  route('POST', '/realms', 'bondy.realm.create', [body], { creates: { field: 'uri' } }),
  route('GET', REALM, 'bondy.realm.get', [realm]),
  route('PUT', REALM, 'bondy.realm.update', [realm, body]),
  route('DELETE', REALM, 'bondy.realm.delete', [realm], { kwargs: { force: query('force') } }),
  route('GET', `${REALM}/security_enabled`, 'bondy.realm.security.is_enabled', [realm]),
  route('PUT', `${REALM}/security_enabled`, 'bondy.realm.security.enable', [realm]),
  route('DELETE', `${REALM}/security_enabled`, 'bondy.realm.security.disable', [realm]),
];

const USERS = `${REALM}/users`;
const USER = `${USERS}/:id`;
const passwords = [field('new_password'), field('old_password')];

const userRoutes: readonly Route[] = [
  route('GET', USERS, 'bondy.user.list', [realm], { isPaged: true }),
  route('POST', USERS, 'bondy.user.add', [realm, body], { creates: { field: 'username' } }),
  route('GET', USER, 'bondy.user.get', [realm, id]),
  route('PUT', USER, 'bondy.user.update', [realm, id, body]),
  route('DELETE', USER, 'bondy.user.delete', [realm, id]),
  route('POST', `${USER}/change_password`, 'bondy.user.change_password', [realm, id, ...passwords]),
  route('POST', `${REALM}/services/change_password`, 'bondy.user.change_password', [
    realm,
    field('username'),
    ...passwords,
  ]),
  route('GET', `${USER}/enabled`, 'bondy.user.is_enabled', [realm, id]),
  route('PUT', `${USER}/enabled`, 'bondy.user.enable', [realm, id]),
  route('DELETE', `${USER}/enabled`, 'bondy.user.disable', [realm, id]),
  route('POST', `${USER}/aliases`, 'bondy.user.add_alias', [realm, id, field('alias')], {
    creates: { field: undefined },
  }),
  route('PUT', `${USER}/aliases/:alias`, 'bondy.user.add_alias', [realm, id, path('alias')]),
  route('DELETE', `${USER}/aliases/:alias`, 'bondy.user.remove_alias', [realm, id, path('alias')]),
  route('PUT', `${USER}/groups/:group`, 'bondy.user.add_group', [realm, id, path('group')]),
  route('DELETE', `${USER}/groups/:group`, 'bondy.user.remove_group', [realm, id, path('group')]),
  route('GET', `${USER}/grants`, 'bondy.user.grants', [realm, id]),
  route('GET', `${USER}/sources`, 'bondy.source.get', [realm, id]),
  route('DELETE', `${USER}/sources`, 'bondy.source.delete', [
    realm,
    id,
    query('cidr'),
    query('authmethod'),
  ]),
  route('GET', `${USER}/authmethods`, 'bondy.source.match', [realm, id, query('address')]),
  route('DELETE', `${USER}/tickets`, 'bondy.ticket.revoke_all', [realm, id]),
  route('DELETE', `${USER}/tickets/:ticket`, 'bondy.ticket.revoke_listed', [
    realm,
    id,
    path('ticket'),
  ]),
];

const GROUP = `${REALM}/groups/:id`;

const groupRoutes: readonly Route[] = [
  route('GET', `${REALM}/groups`, 'bondy.group.list', [realm], { isPaged: true }),
  route('POST', `${REALM}/groups`, 'bondy.group.add', [realm, body], {
    creates: { field: 'name' },
  }),
  route('GET', GROUP, 'bondy.group.get', [realm, id]),
  route('PUT', GROUP, 'bondy.group.update', [realm, id, body]),
  route('DELETE', GROUP, 'bondy.group.delete', [realm, id]),
  route('PUT', `${GROUP}/groups/:group`, 'bondy.group.add_group', [realm, id, path('group')]),
  route('DELETE', `${GROUP}/groups/:group`, 'bondy.group.remove_group', [realm, id, path('group')]),
  route('GET', `${GROUP}/grants`, 'bondy.group.grants', [realm, id]),
];

const question = [realm, query('authid'), query('permission'), query('resource'), query('match')];

const accessRoutes: readonly Route[] = [
  route('GET', `${REALM}/grants`, 'bondy.grant.list', [realm], {
    isPaged: true,
  }),
  route('POST', `${REALM}/grants`, 'bondy.grant.create', [realm, body], {
    creates: { field: undefined },
  }),
  route('PUT', `${REALM}/grants`, 'bondy.grant.revoke', [realm, body]),
  route('GET', `${REALM}/sources`, 'bondy.source.list', [realm], {
    isPaged: true,
  }),
  route('POST', `${REALM}/sources`, 'bondy.source.add', [realm, body], {
    creates: { field: undefined },
  }),
  route('GET', `${REALM}/rbac/authorize`, 'bondy.rbac.authorize', question),
  route('GET', `${REALM}/rbac/explain`, 'bondy.rbac.explain', question),
];

const SUMMARY = ['id', 'uri', 'match', 'invoke'];

const registryRoutes: readonly Route[] = [
  route('GET', `${REALM}/registrations`, 'bondy.registration.list', [realm], { isPaged: true }),
  route('GET', `${REALM}/registrations_summary`, 'bondy.registration.list', [realm], {
    isPaged: true,
    only: SUMMARY,
  }),
  route('GET', `${REALM}/registrations/:id`, 'bondy.registration.get', [realm, id]),
  route('GET', `${REALM}/callees`, 'bondy.registration.callee.list', [realm, query('procedure')]),
  route('GET', `${REALM}/subscriptions`, 'bondy.subscription.list', [realm], { isPaged: true }),
  route('GET', `${REALM}/subscriptions_summary`, 'bondy.subscription.list', [realm], {
    isPaged: true,
    only: SUMMARY,
  }),
  route('GET', `${REALM}/subscriptions/:id`, 'bondy.subscription.get', [realm, id]),
  route('GET', `${REALM}/sessions`, 'bondy.session.list', [realm], { isPaged: true }),
  route('GET', `${REALM}/sessions_details`, 'bondy.session.details', [realm], { isPaged: true }),
  route('GET', `${REALM}/sessions_count`, 'bondy.session.count', [realm]),
  route('GET', `${REALM}/sessions/:id`, 'bondy.session.get', [realm, id]),
  route('DELETE', `${REALM}/sessions/:id`, 'bondy.session.kill', [realm, id], {
    kwargs: { reason: query('reason'), message: query('message') },
  }),
];

const ticketRoutes: readonly Route[] = [
  route('POST', '/tickets', 'bondy.ticket.issue', [], {
    kwargs: {
      expiry_time_secs: field('expiry_time_secs'),
      allow_sso: field('allow_sso'),
      client_id: field('client_id'),
      device_id: field('device_id'),
      client_ticket: field('client_ticket'),
    },
    creates: { field: undefined },
  }),
  route('GET', `${REALM}/tickets`, 'bondy.ticket.list', [realm], { isPaged: true }),
  route('POST', `${REALM}/tickets/verify`, 'bondy.ticket.verify', [realm, field('ticket')]),
  route('POST', `${REALM}/tickets/revoke`, 'bondy.ticket.revoke', [realm, field('ticket')]),
];

const nodeRoutes: readonly Route[] = [
  route('GET', '/cluster/members', 'bondy.cluster.members'),
  route('GET', '/cluster/info', 'bondy.cluster.info'),
  route('GET', '/cluster/connections', 'bondy.cluster.connections'),
  route('GET', '/services/store_status', 'bondy.store.status'),
  route('POST', '/services/check_store', 'bondy.store.check'),
  route('POST', '/services/repair_store', 'bondy.store.repair'),
  route('POST', '/services/create_backup', 'bondy.backup.create', [body]),
  route('POST', '/services/verify_backup', 'bondy.backup.verify', [body]),
  route('POST', '/services/restore_backup', 'bondy.backup.restore', [body], {
    kwargs: { as_new: query('as_new') },
  }),
  route('GET', '/services/backup_status', 'bondy.backup.status'),
];

export const ROUTES: readonly Route[] = [
  ...realmRoutes,
  ...userRoutes,
  ...groupRoutes,
  ...accessRoutes,
  ...registryRoutes,
  ...ticketRoutes,
  ...nodeRoutes,
];

/** Any operation, by its name. */
export const CALL_PATH = '/services/call';
/** Bondy serves its API with this and without. */
export const PREFIXES = ['', '/v1.0'] as const;
