/** The manifests of deploy/kubernetes as values: parsed, and looked up without casts all over the tests. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { PROJECT_ROOT } from '../support/project.ts';

export const FOLDER = join(PROJECT_ROOT, 'deploy', 'kubernetes');

/** Any part of a document. A step that leads nowhere fails and says where it was. */
export class Part {
  readonly value: unknown;
  readonly where: string;

  constructor(value: unknown, where: string) {
    this.value = value;
    this.where = where;
  }

  at(...path: readonly (string | number)[]): Part {
    let part: unknown = this.value;
    let where = this.where;
    for (const step of path) {
      where = `${where}.${step}`;
      assert.ok(typeof part === 'object' && part !== null && step in part, `${where} is missing`);
      part = (part as Record<string | number, unknown>)[step];
    }
    return new Part(part, where);
  }

  items(...path: readonly (string | number)[]): readonly Part[] {
    const { value, where } = this.at(...path);
    assert.ok(Array.isArray(value), `${where} is no list`);
    return value.map((item, i) => new Part(item, `${where}.${i}`));
  }

  named(name: string, ...path: readonly (string | number)[]): Part {
    const found = this.items(...path).find((item) => item.at('name').value === name);
    assert.ok(found, `${this.where}.${path.join('.')} has no ${name}`);
    return found;
  }
}

export const kustomization = new Part(
  parse(read('kustomization.yaml')) as unknown,
  'kustomization',
);

/** What kustomization.yaml puts together, by kind and name. */
export const objects: ReadonlyMap<string, Part> = new Map(
  kustomization
    .items('resources')
    .flatMap(({ value }) => parseAllDocuments(read(String(value))))
    .map((document): [string, Part] => {
      assert.deepEqual([document.errors, document.warnings], [[], []]);
      const object = document.toJS() as { kind: string; metadata: { name: string } };
      const name = `${object.kind}/${object.metadata.name}`;
      return [name, new Part(object, name)];
    }),
);

export function object(name: string): Part {
  const found = objects.get(name);
  assert.ok(found, `no ${name}`);
  return found;
}

export function read(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}
