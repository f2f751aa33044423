/** Short words for child specs. */
import type { Definition } from './actor.ts';
import type { ChildSpec, SupervisorSpec } from './supervision.ts';

type Options = Omit<ChildSpec, 'id' | 'start'>;

/** A worker's child spec; `permanent` unless the options say otherwise. */
export function worker<M>(id: string, definition: Definition<M>, options: Options = {}): ChildSpec {
  // The supervisor never sends to its children, so their message type is forgotten here.
  return { ...options, id, start: definition as unknown as Definition<never> };
}

/** A supervisor as a child: infinite shutdown, so that it can stop its own children in order. */
export function subtree(id: string, spec: SupervisorSpec, options: Options = {}): ChildSpec {
  return { ...options, id, start: spec };
}
