/**
 * A change in the making: what is to be stored, and what is wrong with it. Documents refer to each other (a user to a group
 * beside it), so a draft answers for what is there already and for what it holds. Stored as a whole or not at all.
 */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { Inventory, PolicyPort, SecurityRecord } from '../../security/api.ts';
import { at, fold, parseNetwork, networkText, RESERVED_NAMES } from '../../security/api.ts';
import type { DocumentProblem, ErrorName } from '../errors.ts';

type Step = string | number;
export type Path = readonly Step[];

/** What is known already. */
export interface Known {
  readonly policy: PolicyPort;
  readonly inventory: Inventory;
}

/** Of facts: the writer dates them. */
export const UNDATED = { held: true, at: 0 } as const;

export class Draft {
  readonly known: Known;
  /** Folded. */
  readonly realm: string;
  readonly problems: DocumentProblem[] = [];
  readonly #base: Path;
  readonly #records = new Map<string, SecurityRecord>();
  readonly #groups = new Map<string, readonly string[]>();
  readonly #expected = new Map<string, readonly string[]>();
  readonly #names = new Set<string>();
  #ssoRealm: string | undefined;

  /** `base`: where in what was given the document is. */
  constructor(known: Known, realm: string, base: Path = []) {
    this.known = known;
    this.realm = realm;
    this.#base = base;
  }

  /** In the order in which they were put, without those that change nothing. */
  get records(): readonly SecurityRecord[] {
    return [...this.#records.values()].filter((record) => !this.known.inventory.has(record));
  }

  /** Once per fact: the last word counts. */
  put(key: Path, record: SecurityRecord): void {
    this.#records.set(JSON.stringify([record.kind, ...key]), record);
  }

  wrong(path: Path, message: string, error: ErrorName = 'invalidArgument'): void {
    this.problems.push({ path: at(...this.#base, ...path), message, error });
  }

  // ---- names

  addUser(username: string): void {
    this.#names.add(username);
  }

  addGroup(name: string, parents: readonly string[]): void {
    this.#expected.delete(name);
    this.#groups.set(name, parents);
  }

  /** One that the same document adds further on. */
  expectGroup(name: string, parents: readonly string[]): void {
    if (!this.#groups.has(name)) this.#expected.set(name, parents);
  }

  hasUser(username: string): boolean {
    return (
      this.#names.has(username) ||
      this.known.inventory.userRecord(this.realm, username) !== undefined
    );
  }

  /** Of the realm itself. */
  hasOwnGroup(name: string): boolean {
    return this.#groups.has(name) || this.known.inventory.group(this.realm, name) !== undefined;
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name) || this.#expected.has(name) || this.#inherited(name);
  }

  #inherited(name: string): boolean {
    const { inventory } = this.known;
    if (inventory.hasGroup(this.realm, name)) return true;
    // A realm that is not there yet inherits nevertheless.
    return this.prototype !== undefined && inventory.hasGroup(this.prototype, name);
  }

  /** Of a realm in the making. */
  prototype: string | undefined;

  /** Who administers this realm alone must not get into others by the credentials of their users. */
  mayRekeySsoUsers = true;

  set ssoRealm(uri: string | undefined) {
    this.#ssoRealm = uri;
  }

  /** Whose users may have their credentials there. */
  get ssoRealm(): string | undefined {
    return this.#ssoRealm ?? this.known.policy.realm(this.realm)?.ssoRealmUri;
  }

  parentsOf(name: string): readonly string[] {
    const drafted = this.#groups.get(name) ?? this.#expected.get(name);
    return drafted ?? this.known.inventory.group(this.realm, name)?.groups ?? [];
  }

  /** Names of groups that are there, folded; mistakes are noted. */
  groupsFrom(path: Path, names: readonly string[] | undefined): readonly string[] {
    const groups: string[] = [];
    for (const [i, given] of (names ?? []).entries()) {
      const name = fold(given);
      if (RESERVED_NAMES.has(name)) {
        this.wrong([...path, i], `${name} is a reserved name`, 'reservedName');
      } else if (!this.hasGroup(name)) {
        this.wrong([...path, i], `there is no group ${name}`, 'noSuchGroups');
      } else if (!groups.includes(name)) groups.push(name);
    }
    return groups;
  }

  /** Takes the member out of groups that are not among `groups`, and into those that are. */
  membership(
    of: 'user' | 'group',
    member: string,
    before: readonly string[],
    groups: readonly string[],
  ) {
    for (const group of new Set([...before, ...groups])) {
      const held = groups.includes(group);
      if (held === before.includes(group)) continue;
      this.put([of, member, group], {
        kind: 'membership',
        ...UNDATED,
        held,
        realm: this.realm,
        of,
        member,
        group,
      });
    }
  }
}

/** What rows can hold, with room for the rest of the row. */
const META = { depth: 8, nodes: 2_000, characters: 64 * 1024 };

/** Notes what cannot be stored: it would be a row that nobody can read. */
export function metaFrom(draft: Draft, path: Path, given: unknown): Dict | undefined {
  if (given === undefined) return undefined;
  const left = { nodes: META.nodes, characters: META.characters };
  const fits = (value: unknown, depth: number): boolean => {
    if (--left.nodes < 0 || depth > META.depth) return false;
    if (typeof value === 'string') return (left.characters -= value.length) >= 0;
    if (typeof value === 'number') return Number.isFinite(value);
    if (value === null || typeof value === 'boolean') return true;
    if (Array.isArray(value)) return value.every((each) => fits(each, depth + 1));
    if (typeof value !== 'object' || value instanceof Uint8Array) return false;
    return Object.entries(value).every(
      ([key, each]) => (left.characters -= key.length) >= 0 && fits(each, depth + 1),
    );
  };
  if (fits(given, 0)) return given as Dict;
  const { depth, nodes, characters } = META;
  draft.wrong(
    path,
    `holds what cannot be kept: JSON values, at most ${depth} deep, ${nodes} of them and ${characters} characters`,
    'invalidData',
  );
  return undefined;
}

/** Normalized; undefined: noted as wrong. */
export function cidrFrom(draft: Draft, path: Path, text: string): string | undefined {
  const network = parseNetwork(text);
  if (network) return networkText(network);
  draft.wrong(path, 'is not an IP network such as 192.0.2.0/24 or 2001:db8::/32', 'invalidData');
  return undefined;
}
