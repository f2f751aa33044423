/** Rows that have a text somewhere: what an operator looks for is a part of a name, in whatever field it is. */
import { Type } from '@sinclair/typebox';
import type { Value } from '../../runtime/wamp/message.ts';

/** As long as the longest name. */
export const SEARCH = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }));

export type Matcher = (row: Value) => boolean;

/** Upper and lower case are the same. Undefined: everything matches. */
export function matcher(search: string | undefined): Matcher {
  if (search === undefined) return () => true;
  const wanted = search.toLowerCase();
  return (row) => has(row, wanted);
}

function has(value: Value | undefined, wanted: string): boolean {
  switch (typeof value) {
    case 'string':
      return value.toLowerCase().includes(wanted);
    case 'number':
    case 'bigint':
      return String(value).includes(wanted);
    case 'object': {
      if (value === null || value instanceof Uint8Array) return false;
      return Object.values(value).some((each) => has(each as Value, wanted));
    }
    default:
      return false;
  }
}
