/**
 * URI rules (basic/building_blocks.md, URIs), as one pass over the characters:
 *
 *     loose             ^([^\s\.#]+\.)*([^\s\.#]+)$
 *     loose, pattern    ^(([^\s\.#]+\.)|\.)*([^\s\.#]+)?$
 *     strict            ^([0-9a-z_]+\.)*([0-9a-z_]+)$
 *     strict, pattern   ^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$
 */

export type UriRule = 'strict' | 'loose';
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard';

/** Prefixes and wildcards may have empty components. */
export function isValidUri(uri: string, rule: UriRule, match: MatchPolicy): boolean {
  const allowed = rule === 'strict' ? STRICT : LOOSE;
  const allowsEmpty = match !== 'exact';
  let componentStart = 0;
  for (let i = 0; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code === DOT) {
      if (i === componentStart && !allowsEmpty) return false;
      componentStart = i + 1;
    } else if (code < 128) {
      if (allowed[code] === 0) return false;
    } else if (rule === 'strict' || isWideSpace(code)) return false;
  }
  return allowsEmpty || componentStart < uri.length;
}

const DOT = 0x2e;

function asciiTable(component: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) =>
    component.test(String.fromCharCode(code)) ? 1 : 0,
  );
}
const STRICT = asciiTable(/[0-9a-z_]/);
const LOOSE = asciiTable(/[^\s.#]/); // `\s` is also tab and newline

function isWideSpace(code: number): boolean {
  return /\s/.test(String.fromCharCode(code));
}
