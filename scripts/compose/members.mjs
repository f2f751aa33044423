// How many members and links each node sees, by its metrics.

/** Sentences about the nodes that do not see so many as alive and linked, so many as dead, and nobody else. */
export async function notAll(nodes, alive, dead) {
  const right = JSON.stringify({ alive, ...(dead > 0 ? { dead } : {}), links: alive - 1 });
  const seen = await Promise.all(nodes.map(members));
  return seen.flatMap((one, i) => (one === right ? [] : [`${nodes[i].name}: ${one}`]));
}

/** Health of members, as the node says it: none are left out but those that left. */
async function members({ admin }) {
  const page = await fetch(`${admin}/metrics`).then(
    (answer) => answer.text(),
    (error) => error.message,
  );
  const found = {};
  for (const [, health, count] of page.matchAll(/^bondy_members\{health="(\w+)"\} (\d+)$/gm)) {
    if (count !== '0') found[health] = Number(count);
  }
  return JSON.stringify({ ...found, links: Number(/^bondy_links (\d+)$/m.exec(page)?.[1]) });
}
