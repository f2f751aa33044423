/** What must hold of a network of membership machines, as predicates. */
import type { Network, Station } from './overlay.ts';
import { isUp } from '../../../actors/membership/member.ts';

/** Everybody counts everybody that runs as up, and nobody else. */
export function allKnowAll(network: Network): boolean {
  const running = network.running();
  const names = new Set(running.map(({ name }) => name));
  return running.every((station) => {
    const up = upOf(station);
    return up.length === names.size && up.every((name) => names.has(name));
  });
}

/** Cheaper: the digests are equal and the first one is right. */
export function allAgree(network: Network): boolean {
  const running = network.running();
  const digest = running[0]!.machine.info().digest;
  if (!running.every(({ machine }) => machine.info().digest === digest)) return false;
  return upOf(running[0]!).length === running.length;
}

export function upOf(station: Station): readonly string[] {
  return station.machine
    .members()
    .filter(isUp)
    .map(({ name }) => name);
}
