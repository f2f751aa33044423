/** The URIs this node sends (WAMP basic/uri_reference.md, advanced/uris.md). One list; docs/errors.md is checked against it. */

export const ERRORS = {
  invalidUri: 'wamp.error.invalid_uri',
  noSuchProcedure: 'wamp.error.no_such_procedure',
  procedureAlreadyExists: 'wamp.error.procedure_already_exists',
  noSuchRegistration: 'wamp.error.no_such_registration',
  noSuchSubscription: 'wamp.error.no_such_subscription',
  invalidArgument: 'wamp.error.invalid_argument',
  canceled: 'wamp.error.canceled',
  payloadSizeExceeded: 'wamp.error.payload_size_exceeded',
  protocolViolation: 'wamp.error.protocol_violation',
  notAuthorized: 'wamp.error.not_authorized',
  authorizationFailed: 'wamp.error.authorization_failed',
  noSuchRealm: 'wamp.error.no_such_realm',
  noSuchRole: 'wamp.error.no_such_role',
  noMatchingAuthMethod: 'wamp.error.no_matching_auth_method',
  noSuchPrincipal: 'wamp.error.no_such_principal',
  authenticationDenied: 'wamp.error.authentication_denied',
  authenticationFailed: 'wamp.error.authentication_failed',
  authenticationRequired: 'wamp.error.authentication_required',
  timeout: 'wamp.error.timeout',
  optionNotAllowed: 'wamp.error.option_not_allowed',
  discloseMeDisallowed: 'wamp.error.option_disallowed.disclose_me',
  networkFailure: 'wamp.error.network_failure',
  unavailable: 'wamp.error.unavailable',
  noAvailableCallee: 'wamp.error.no_available_callee',
  featureNotSupported: 'wamp.error.feature_not_supported',
  noSuchSession: 'wamp.error.no_such_session',
  /** The payload cannot be said in the receiver's serializer. */
  invalidPayload: 'wamp.error.invalid_payload',
  /** This node's own mistake; the log has the details. */
  internal: 'bondy.error.internal_error',
  /** A session that does not read what it subscribed to. */
  slowConsumer: 'bondy.error.slow_consumer',
  /** A configured limit was reached. */
  limitExceeded: 'bondy.error.limit_exceeded',
  // Of the admin API (actors/management/).
  alreadyExists: 'bondy.error.already_exists',
  notFound: 'bondy.error.not_found',
  inconsistency: 'bondy.error.inconsistency_error',
  invalidData: 'bondy.error.invalid_data',
  reservedName: 'bondy.error.reserved_name',
  propertyRangeLimit: 'bondy.error.property_range_limit',
  noSuchGroups: 'bondy.error.no_such_groups',
  noSuchUsers: 'bondy.error.no_such_users',
  unknownRoles: 'bondy.error.unknown_roles',
  duplicateRoles: 'bondy.error.duplicate_roles',
  invalidSsoRealm: 'bondy.error.invalid_sso_realm',
  activeUsers: 'bondy.error.active_users',
  badSignature: 'bondy.error.bad_signature',
  notAllowed: 'bondy.error.not_allowed',
  invalidRequest: 'bondy.error.invalid_request',
} as const;

/** The keys of the above. */
export type ErrorName = keyof typeof ERRORS;

export const CLOSE = {
  goodbyeAndOut: 'wamp.close.goodbye_and_out',
  systemShutdown: 'wamp.close.system_shutdown',
  closeRealm: 'wamp.close.close_realm',
  killed: 'wamp.close.killed',
  userDeleted: 'bondy.user.deleted',
  userDisabled: 'bondy.user.disabled',
  credentialsChanged: 'bondy.user.credentials_changed',
  methodWithdrawn: 'bondy.session.method_withdrawn',
  ticketRevoked: 'bondy.session.ticket_revoked',
  ticketExpired: 'bondy.session.ticket_expired',
} as const;
