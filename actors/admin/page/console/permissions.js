/** What can be granted; the node has the same list (actors/security/policy/permissions.ts). */
export const PERMISSIONS = [
  'wamp.call',
  'wamp.register',
  'wamp.unregister',
  'wamp.cancel',
  'wamp.publish',
  'wamp.subscribe',
  'wamp.unsubscribe',
  'wamp.disclose_caller',
  'wamp.disclose_publisher',
  'wamp.disclose_session_info',
  'bondy.issue',
  'bondy.revoke',
  'bondy.authenticate',
];
