import { health } from '../actors/diagnostics/health.actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { COOLING } from './intensities.ts';
import type { Parts } from './parts.ts';

/** Everything else would fall with it, so it never escalates. */
export function diagnostics({ log, audit }: Parts): ChildSpec {
  const auditLog = audit.child();
  return {
    id: 'diagnostics',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      onExhausted: COOLING,
      children: () => [
        {
          id: 'health',
          start: health({ warn: (event, fields) => log.warn(event, fields) }),
        },
        ...(auditLog === undefined ? [] : [auditLog]), // writes what matters to security
      ],
    },
  };
}
