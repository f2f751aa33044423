/** Measures of an overlay's shape: components, degrees, clustering, paths. */

/** A node and whom it calls its neighbours. */
export interface Placed {
  readonly name: string;
  readonly machine: { neighbors(): readonly string[] };
}

/** Sizes of the components that symmetric neighbourhoods make, largest first. */
export function components(stations: readonly Placed[]): readonly number[] {
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

export function asymmetricLinks(stations: readonly Placed[]): readonly string[] {
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

export function degrees(stations: readonly Placed[]): {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
} {
  const all = stations.map(({ machine }) => machine.neighbors().length);
  const sum = all.reduce((total, degree) => total + degree, 0);
  return { min: Math.min(...all), max: Math.max(...all), mean: sum / all.length };
}

/** Average share of a node's neighbours that are neighbours of each other. */
export function clustering(stations: readonly Placed[]): number {
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
export function averagePath(stations: readonly Placed[], starts = 20): number {
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
