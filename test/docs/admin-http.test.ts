/**
 * The table of routes in docs/admin-http.md is the routes. `UPDATE_DOCS=1 node --import tsx --test
 * test/docs/admin-http.test.ts` writes it anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Place, Route } from '../../actors/admin/rest/route.ts';
import { ROUTES } from '../../actors/admin/rest/routes.ts';

const FILE = 'docs/admin-http.md';
const TABLE = /<!-- routes -->\n([\s\S]*?)<!-- \/routes -->/;

function places({ args, kwargs }: Route): string {
  const all: readonly Place[] = [...args, ...Object.values(kwargs)];
  const named = (where: Place['in']): string =>
    all.flatMap((place) => (place.in === where && 'name' in place ? [place.name] : [])).join(', ');
  const fields = named('field');
  const parameters = named('query');
  return [
    ...(all.some((place) => place.in === 'body') ? ['a document'] : []),
    ...(fields === '' ? [] : [`{${fields}}`]),
    ...(parameters === '' ? [] : [`?${parameters}`]),
  ].join(' ');
}

const line = (route: Route): string => {
  const more = places(route);
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => name.toUpperCase());
  return `| \`${route.method} ${path}\` | \`${route.operation}\`${more === '' ? '' : ` ${more}`} |`;
};

test('docs/admin-http.md lists exactly the routes of the admin API', () => {
  const table = `\n| route | operation |\n|---|---|\n${ROUTES.map(line).join('\n')}\n\n`;
  const text = readFileSync(FILE, 'utf8');
  if (process.env['UPDATE_DOCS']) {
    writeFileSync(
      FILE,
      text.replace(TABLE, () => `<!-- routes -->\n${table}<!-- /routes -->`),
    );
    return;
  }
  assert.equal(TABLE.exec(text)?.[1], table);
});
