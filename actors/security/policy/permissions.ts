/** What can be granted. Others are stored and asked for by nobody (Bondy takes any URI as a permission). */
export const PERMISSIONS = [
  'wamp.register',
  'wamp.unregister',
  'wamp.call',
  'wamp.cancel',
  'wamp.subscribe',
  'wamp.unsubscribe',
  'wamp.publish',
  'wamp.disclose_caller',
  'wamp.disclose_publisher',
  'wamp.disclose_session_info',
  'bondy.issue',
  'bondy.revoke',
  'bondy.authenticate',
] as const;

export type Permission = (typeof PERMISSIONS)[number];
