/** URIs that no other test uses, so that all tests of a file share one node. */
let count = 0;

/** `spec.n17.temperature`; strict as well as loose. */
export function fresh(name = 'x'): string {
  count += 1;
  return `spec.n${count}.${name}`;
}
