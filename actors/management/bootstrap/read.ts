/**
 * The bootstrap file (Bondy's `security.config_file`): a list of realms as documents, each with its users, groups, sources
 * and grants. Read as a whole before anything is done: all mistakes are found, with the path of the field.
 *
 * `${NAME}` in a text is a variable of the environment. It is replaced in texts after parsing, so that no value can break
 * out of its quotes; `$${` is a `${` that is meant.
 */
import { jsonMistake } from '../../../runtime/wamp/json/mistake.ts';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { at, fold } from '../../security/api.ts';
import type { DocumentProblem } from '../errors.ts';
import { RealmDocument } from '../documents/realm.ts';
import { problemsOf } from '../validation.ts';

export const BOOTSTRAP_LIMITS = {
  /** A realm object is some 64 levels deep at most: what is in `info` and `meta` is bounded further. */
  depth: 64,
  realms: 1_000,
  /** Values of the whole file. */
  nodes: 2_000_000,
} as const;

/** A realm with its place in the file. */
export interface PlacedRealm {
  readonly index: number;
  readonly document: RealmDocument;
}

export type Read =
  /** Realms that others refer to come first. */
  | { readonly kind: 'realms'; readonly realms: readonly PlacedRealm[] }
  | { readonly kind: 'mistakes'; readonly problems: readonly DocumentProblem[] };

type Environment = Readonly<Record<string, string | undefined>>;

export function readBootstrap(text: string, environment: Environment): Read {
  const parsed = parse(text);
  if (typeof parsed === 'string') return mistakes([problem('', parsed)]);
  const { value, problems } = substituted(parsed.value, environment);
  if (!Array.isArray(value))
    return mistakes([...problems, problem('', 'must be a list of realms')]);
  if (value.length > BOOTSTRAP_LIMITS.realms) {
    return mistakes([...problems, problem('', `has more than ${BOOTSTRAP_LIMITS.realms} realms`)]);
  }
  const told = new Set(problems.map(({ path }) => path));
  const wrong = value
    .flatMap((each: Value, i) => shapeProblems(each, i))
    .filter(({ path }) => !told.has(path));
  if (problems.length + wrong.length > 0) return mistakes([...problems, ...wrong]);
  const realms = value.map((document, index) => ({
    index,
    document: document as unknown as RealmDocument,
  }));
  return inOrder(realms);
}

function parse(text: string): { readonly value: unknown } | string {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return jsonMistake(text);
  }
}

function shapeProblems(value: Value, index: number): readonly DocumentProblem[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [problem(at(index), 'must be a realm object')];
  }
  return problemsOf(RealmDocument.properties, value as Dict).map((each) => ({
    ...each,
    path: below(index, each.path),
  }));
}

/** `[2].users[0].username` */
export function below(index: number, path: string): string {
  if (path === '') return at(index);
  return path.startsWith('[') ? `${at(index)}${path}` : `${at(index)}.${path}`;
}

// ---- the environment

const PLACEHOLDER = /\$?\$\{([^}]*)\}/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

function substituted(
  given: unknown,
  environment: Environment,
): { readonly value: unknown; readonly problems: readonly DocumentProblem[] } {
  const problems: DocumentProblem[] = [];
  let nodes = 0;
  const inText = (text: string, path: readonly (string | number)[]): string =>
    text.replace(PLACEHOLDER, (all, name: string) => {
      if (all.startsWith('$$')) return all.slice(1);
      const value = VARIABLE.test(name) ? environment[name] : undefined;
      if (value !== undefined) return value;
      problems.push(problem(at(...path), `the environment has no variable ${name}`));
      return all;
    });
  const walk = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (++nodes > BOOTSTRAP_LIMITS.nodes || path.length > BOOTSTRAP_LIMITS.depth) {
      // Once is enough, and further down there is no end.
      if (problems.length === 0)
        problems.push(problem(at(...path.slice(0, 8)), 'is too deep or too large'));
      return null;
    }
    if (typeof value === 'string') return inText(value, path);
    if (Array.isArray(value)) return value.map((each, i) => walk(each, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, walk(each, [...path, key])]),
    );
  };
  return { value: walk(given, []), problems };
}

// ---- who comes first

function inOrder(realms: readonly PlacedRealm[]): Read {
  const problems: DocumentProblem[] = [];
  const byUri = new Map<string, PlacedRealm>();
  for (const realm of realms) {
    const uri = fold(realm.document.uri);
    const other = byUri.get(uri);
    if (other === undefined) byUri.set(uri, realm);
    else
      problems.push(problem(below(realm.index, 'uri'), `is the realm of ${at(other.index)}, too`));
  }
  const sorted: PlacedRealm[] = [];
  const state = new Map<PlacedRealm, 'begun' | 'done'>();
  const visit = (realm: PlacedRealm, field: string, from: PlacedRealm | undefined): void => {
    const known = state.get(realm);
    if (known === 'begun' && from !== undefined) {
      const message = `${realm.document.uri} refers back to this realm`;
      problems.push(problem(below(from.index, field), message));
    }
    if (known !== undefined) return;
    state.set(realm, 'begun');
    for (const name of ['prototype_uri', 'sso_realm_uri'] as const) {
      const uri = realm.document[name];
      const target = uri ? byUri.get(fold(uri)) : undefined;
      // A realm that names itself is told by its plan.
      if (target !== undefined && target !== realm) visit(target, name, realm);
    }
    state.set(realm, 'done');
    sorted.push(realm);
  };
  for (const realm of realms) visit(realm, '', undefined);
  return problems.length > 0 ? mistakes(problems) : { kind: 'realms', realms: sorted };
}

function mistakes(problems: readonly DocumentProblem[]): Read {
  return { kind: 'mistakes', problems };
}

function problem(path: string, message: string): DocumentProblem {
  return { path, message, error: 'invalidData' };
}
