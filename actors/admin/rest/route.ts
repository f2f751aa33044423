/** A route as data: which operation it is, and where its arguments are in the request. */

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Place =
  | { readonly in: 'path'; readonly name: string }
  /** The whole body is the argument. */
  | { readonly in: 'body' }
  /** A field of the body. */
  | { readonly in: 'field'; readonly name: string }
  | { readonly in: 'query'; readonly name: string };

export interface Route {
  readonly method: Method;
  /** `:name` takes one step, percent-decoded. */
  readonly path: string;
  /** In the table of operations. */
  readonly operation: string;
  /** Of the positional arguments, in their order; of operations about a realm the realm first. */
  readonly args: readonly Place[];
  readonly kwargs: Readonly<Record<string, Place>>;
  /** The operation's list is shown in pages. */
  readonly isPaged: boolean;
  /** Something is made: 201, with this field of the result as the last step of its address, if there is one. */
  readonly creates: { readonly field: string | undefined } | undefined;
  /** Of each row only these fields are shown. */
  readonly only: readonly string[] | undefined;
}

interface More {
  readonly kwargs?: Readonly<Record<string, Place>>;
  readonly isPaged?: boolean;
  readonly creates?: { readonly field: string | undefined };
  readonly only?: readonly string[];
}

export function route(
  method: Method,
  path: string,
  operation: string,
  args: readonly Place[] = [],
  { kwargs = {}, isPaged = false, creates, only }: More = {},
): Route {
  return { method, path, operation, args, kwargs, isPaged, creates, only };
}

export const path = (name: string): Place => ({ in: 'path', name });
export const field = (name: string): Place => ({ in: 'field', name });
export const query = (name: string): Place => ({ in: 'query', name });
export const body: Place = { in: 'body' };
