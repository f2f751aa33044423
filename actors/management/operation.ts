/**
 * An operation as data: its name, what it takes and gives, who may, and what it does. Everything that is offered to people
 * and programs (WAMP procedures, HTTP routes, commands, the reference) is made from this.
 */
import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import type { ApiError, Caller } from './api.ts';
import type { PageQuestion } from './paging.ts';
import { PAGE_KEYWORDS, pageKeywords, pageOf } from './paging.ts';
import type { ManagementPorts } from './ports.ts';

/**
 * `realm`: its first argument is a realm, by default the caller's; others' only from the master realm. `admin`: from the
 * master realm only. `anyone`: about the caller's own realm or about nothing.
 */
export type Access = 'anyone' | 'realm' | 'admin';

export interface Request<P extends TProperties, K extends TProperties> {
  readonly caller: Caller;
  /** Folded. Of an operation with access `realm` it exists. */
  readonly realm: string;
  readonly args: Static<TObject<P>>;
  readonly kwargs: Static<TObject<K>>;
  readonly ports: ManagementPorts;
  /** As it was called, for whom it matters. */
  readonly uri: string;
}

export type Outcome =
  { readonly value: Value; readonly kwargs?: Dict | undefined } | { readonly error: ApiError };
export type Done = (outcome: Outcome) => void;

export interface Operation {
  readonly uri: string;
  readonly access: Access;
  /** A sentence for the reference. */
  readonly summary: string;
  /** In their order as positional arguments, without the realm; optional ones last. */
  readonly args: TProperties;
  readonly kwargs: TProperties;
  readonly result: TSchema;
  /** The argument that is a document: paths of mistakes begin inside it. */
  readonly document: string | undefined;
  /** It changes something: audited, and never repeated by itself. Such operations run one after another. */
  readonly isChange: boolean;
  /** Of a change: it may take hours and changes no rights, so that others do not wait for it. */
  readonly takesLong: boolean;
  readonly run: (request: Request<TProperties, TProperties>, done: Done) => void;
}

export interface OperationSpec<P extends TProperties, K extends TProperties> {
  readonly uri: string;
  readonly access: Access;
  readonly summary: string;
  readonly args?: P;
  readonly kwargs?: K;
  readonly result?: TSchema;
  readonly document?: keyof P & string;
  readonly isChange?: boolean;
  readonly takesLong?: boolean;
  /** The result is a list that can be long: told in pages, by these fields of its rows. None: the rows are the keys. */
  readonly pageBy?: readonly string[];
  run(request: Request<P, K>, done: Done): void;
}

export function operation<P extends TProperties, K extends TProperties>(
  spec: OperationSpec<P, K>,
): Operation {
  // Checked against these schemas before it runs.
  const run = spec.run as unknown as Operation['run'];
  return {
    uri: spec.uri,
    access: spec.access,
    summary: spec.summary,
    args: spec.args ?? {},
    kwargs: { ...spec.kwargs, ...(spec.pageBy && PAGE_KEYWORDS) },
    result: spec.result ?? Type.Null(),
    document: spec.document,
    isChange: spec.isChange ?? false,
    takesLong: spec.takesLong ?? false,
    run: spec.pageBy ? inPages(run, spec.pageBy) : run,
  };
}

/** What its operation has not paged already. */
function inPages(run: Operation['run'], by: readonly string[]): Operation['run'] {
  return (request, done) =>
    run(request, (outcome) => {
      if ('error' in outcome || outcome.kwargs) return done(outcome);
      const page = pageOf(outcome.value as readonly Value[], by, request.kwargs as PageQuestion);
      done({ value: page.rows, kwargs: pageKeywords(page) });
    });
}

export const NOTHING: Outcome = { value: null };
