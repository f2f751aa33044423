/** What must hold of a network of membership machines, as predicates, and measures of an overlay's shape. */
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

/** Sizes of the components that symmetric neighbourhoods make, largest first. */
export function components(stations: readonly Station[]): readonly number[] {
  const byName = new Map(stations.map((station) => [station.name, station]));
  const unseen = new Set(byName.keys());
  const sizes: number[] = [];
  for (const start of byName.keys()) {
    if (!unseen.delete(start)) continue;
    const queue = [start];
    let size = 0;
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      size++;
      for (const next of byName.get(at)!.machine.neighbors()) {
        const isMutual = byName.get(next)?.machine.neighbors().includes(at) ?? false;
        if (isMutual && unseen.delete(next)) queue.push(next);
      }
    }
    sizes.push(size);
  }
  return sizes.sort((a, b) => b - a);
}

export function asymmetricLinks(stations: readonly Station[]): readonly string[] {
  const neighbors = new Map(
    stations.map(({ name, machine }) => [name, new Set(machine.neighbors())]),
  );
  const found: string[] = [];
  for (const [name, ends] of neighbors) {
    for (const end of ends)
      if (neighbors.get(end)?.has(name) !== true) found.push(`${name}>${end}`);
  }
  return found;
}

export function degrees(stations: readonly Station[]): {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
} {
  const all = stations.map(({ machine }) => machine.neighbors().length);
  const sum = all.reduce((total, degree) => total + degree, 0);
  return { min: Math.min(...all), max: Math.max(...all), mean: sum / all.length };
}

/** Average share of a node's neighbours that are neighbours of each other. */
export function clustering(stations: readonly Station[]): number {
  const sets = new Map(stations.map(({ name, machine }) => [name, new Set(machine.neighbors())]));
  let sum = 0;
  for (const ends of sets.values()) {
    const list = [...ends];
    const pairs = (list.length * (list.length - 1)) / 2;
    let closed = 0;
    list.forEach((a, i) =>
      list.slice(i + 1).forEach((b) => (closed += Number(sets.get(a)?.has(b)))),
    );
    if (pairs > 0) sum += closed / pairs;
  }
  return sum / sets.size;
}

/** Mean hops between the nodes, from up to `starts` of them. */
export function averagePath(stations: readonly Station[], starts = 20): number {
  const sets = new Map(stations.map(({ name, machine }) => [name, machine.neighbors()]));
  let sum = 0;
  let pairs = 0;
  for (const start of [...sets.keys()].slice(0, starts)) {
    const distance = new Map([[start, 0]]);
    const queue = [start];
    for (let i = 0; i < queue.length; i++) {
      const hops = distance.get(queue[i]!)! + 1;
      for (const next of sets.get(queue[i]!) ?? []) {
        if (distance.has(next)) continue;
        distance.set(next, hops);
        queue.push(next);
        sum += hops;
        pairs++;
      }
    }
  }
  return sum / pairs;
}
