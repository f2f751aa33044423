/** The OpenAPI document: valid by a validator of others, complete, and what a node answers is what it says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { ROUTES } from '../../actors/admin/rest/routes.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { ADMIN, as } from './client.ts';

interface Documented {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
  readonly requestBody?: { readonly required: boolean };
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
}

let node: NodeHandle;
let document: Document;
before(async () => {
  node = await startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
    'admin_api.http.max_rate': '10000',
    'security.admin.password': ADMIN.password,
  });
  document = (await as(node.adminUrl).get('/openapi.json')).json as Document;
});
after(() => node.stop());

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document) as never);
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  assert.equal(document.openapi, '3.1.0');
});

test('it has every route, and each has a name of its own', () => {
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = ROUTES.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  assert.deepEqual(documented.sort(), [...served, 'POST /services/call'].sort());
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(names).size, names.length);
});

describe('a route answers as documented', () => {
  test('when what it needs is not there, or not given', async () => {
    const api = as(node.adminUrl);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const url = path.replace(/\{(\w+)\}/g, (_, name: string) =>
          name === 'realm_uri' ? 'realm1' : '1',
        );
        for (const body of [undefined, {}, { unknown: 1 }]) {
          if (method === 'get' && body !== undefined) continue;
          const call = api[method as 'get' | 'post' | 'put' | 'delete'];
          const { status, text } = await call(url, method === 'post' ? (body ?? {}) : body);
          assert(String(status) in responses, `${method} ${path} ${status} ${text}`);
          assert(status < 500 || status === 501, `${method} ${path} ${status} ${text}`);
        }
      }
    }
  });

  test('when nobody logged in', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) {
        const url = path.replace(/\{\w+\}/g, '1');
        const call = as(node.adminUrl, 'none')[method as 'get' | 'post' | 'put' | 'delete'];
        assert.equal((await call(url)).status, 401, `${method} ${path}`);
      }
    }
  });
});
