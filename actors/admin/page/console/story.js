/** "Why is this denied?": an answer of `bondy.rbac.explain` as sentences, in the order in which the node decides. */

/** Each `{ verdict: 'yes' | 'no' | 'none', text, detail? }`. */
export function storyOf({ realm, authid, permission, resource }, explanation) {
  const { reason, roles, steps, omitted } = explanation;
  switch (reason) {
    case 'no_such_realm':
      return [no(`There is no realm ${realm}.`)];
    case 'security_disabled':
      return [yes(`Security is disabled in ${realm}: everybody may do everything.`)];
    case 'no_such_user':
      return [enabled(realm), no(`${realm} has no user ${authid}.`)];
    case 'user_disabled':
      return [enabled(realm), no(`The user ${authid} is disabled.`)];
  }
  return [
    enabled(realm),
    yes(
      authid === 'anonymous' ? 'Nobody has to be known: anonymous.' : `${authid} is a user of it.`,
    ),
    roles.length > 0
      ? yes(`Grants of these roles count: ${roles.join(', ')}.`)
      : no('No grants count: there are no roles.'),
    ...steps.map((step) => sentenceOf(step, realm)),
    ...(omitted > 0 ? [none(`${omitted} more grants that do not fit are not shown.`)] : []),
    reason === 'granted'
      ? yes(`So ${permission} on ${named(resource)} is allowed.`)
      : no(`No grant gives ${permission} on ${named(resource)}, so it is denied.`),
  ];
}

function sentenceOf({ role, via, permission, uri, match, verdict, realm: from }, realm) {
  const grant = `${role} is granted ${permission} on ${resourceText(uri, match)}`;
  const detail = [
    via.length > 0 ? `in it through ${via.join(' → ')}` : '',
    from === realm ? '' : `a grant of the prototype ${from}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
  switch (verdict) {
    case 'grants':
      return { ...yes(`${grant}: this fits.`), detail };
    case 'other_permission':
      return { ...none(`${grant}: it is another permission.`), detail };
    default:
      return { ...none(`${grant}: it is another resource.`), detail };
  }
}

export function resourceText(uri, match) {
  if (match === 'any') return 'anything';
  if (match === 'prefix' && uri === '') return 'every URI';
  return match === 'exact' ? named(uri) : `${named(uri)} (${match})`;
}

const enabled = (realm) => yes(`Security is enabled in ${realm}: what is not granted is denied.`);
const named = (uri) => (uri === '' ? 'the empty URI' : uri);
const yes = (text) => ({ verdict: 'yes', text });
const no = (text) => ({ verdict: 'no', text });
const none = (text) => ({ verdict: 'none', text });
