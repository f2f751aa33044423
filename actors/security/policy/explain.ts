/** "Why is this denied?": the grants that came near, role by role. */
import type { Match, Step } from '../policy-port.ts';
import { covers } from './resources.ts';
import type { Role } from './roles.ts';
import { viaOf } from './roles.ts';

/** For a person to read; there may be ten thousand grants. */
const MAX_STEPS = 200;
const ORDER: readonly Step['verdict'][] = ['grants', 'other_permission', 'other_resource'];

export interface Steps {
  readonly isGranted: boolean;
  readonly steps: readonly Step[];
  readonly omitted: number;
}

export function stepsOf(
  roles: readonly Role[],
  permission: string,
  uri: string,
  match: Match,
): Steps {
  const steps = roles.flatMap((role) =>
    stepsOfRole(role, permission, uri, match).sort(
      (a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict),
    ),
  );
  const isGranted = steps.some(({ verdict }) => verdict === 'grants');
  if (steps.length <= MAX_STEPS) return { isGranted, steps, omitted: 0 };
  const kept = new Set(
    ORDER.flatMap((verdict) => steps.filter((step) => step.verdict === verdict)).slice(
      0,
      MAX_STEPS,
    ),
  );
  return {
    isGranted,
    steps: steps.filter((step) => kept.has(step)),
    omitted: steps.length - kept.size,
  };
}

function stepsOfRole(role: Role, permission: string, uri: string, match: Match): Step[] {
  const steps: Step[] = [];
  const via = viaOf(role);
  for (const { facts, since } of role.grants) {
    for (const grant of facts.grantsOf.get(role.name)?.values() ?? []) {
      if (grant.at < since) continue;
      const isPermission = grant.permission === permission;
      const isResource = covers(grant, uri, match);
      if (!isPermission && !isResource) continue;
      steps.push({
        realm: facts.uri,
        role: role.name,
        via,
        permission: grant.permission,
        uri: grant.uri,
        match: grant.match,
        verdict: !isPermission ? 'other_permission' : isResource ? 'grants' : 'other_resource',
      });
    }
  }
  return steps;
}
