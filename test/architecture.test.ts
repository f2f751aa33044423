/**
 * The architecture as a test: imports point inwards, cores are pure, files stay small. Each rule reads the source as
 * text, so that it also holds for code that compiles.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { describe, test } from 'node:test';
import { PROJECT_ROOT } from './support/project.ts';

const ROOT = PROJECT_ROOT;

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments, strings and templates emptied. */
  readonly code: string;
  /** Resolved for relative imports, as written for packages. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = ['runtime', 'actors', 'supervisors', 'bin'].flatMap((folder) =>
  filesUnder(folder).map(read),
);

const under = (folder: string): readonly Source[] =>
  sources.filter(({ path }) => path.startsWith(`${folder}/`));

/** Everything that decides. What may touch the world is a shell by name, or lives in these folders. */
const IMPURE_RUNTIME = ['kernel', 'net', 'log', 'config', 'disk', 'crypto', 'metrics', 'http'];
const isCore = ({ path }: Source): boolean => {
  if (path.startsWith('actors/')) return !path.endsWith('.actor.ts') && !(path in IMPURE_IN_ACTORS);
  return path.startsWith('runtime/') && !IMPURE_RUNTIME.includes(path.split('/')[1]);
};

/** Shell code that is not an actor, each with its reason. */
const IMPURE_IN_ACTORS: Readonly<Record<string, string>> = {};

/** Files over the limit, each with its reason. */
const MAX_LINES = 400;
const LONG_FILES: Readonly<Record<string, string>> = {
  'runtime/kernel/supervisor-machine.ts':
    'one machine: starting, stopping and restarting under all strategies share its state',
};

test('this test reads the project', () => {
  assert(sources.length > 100, `${sources.length} files`);
  assert(sources.flatMap(({ imports }) => imports).length > 300);
  const session = sources.find(({ path }) => path === 'actors/sessions/session.ts');
  assert(session && isCore(session) && session.imports.includes('runtime/wamp/message.ts'));
});

describe('imports point inwards', () => {
  test('runtime imports runtime only', () => {
    assert.deepEqual(
      offending(under('runtime'), (target) => isOurs(target) && !target.startsWith('runtime/')),
      [],
    );
  });

  test('actors import runtime, their own folder, and the front doors of others', () => {
    const isForbidden = (target: string, { path }: Source): boolean => {
      if (!isOurs(target) || target.startsWith('runtime/')) return false;
      if (!target.startsWith('actors/')) return true;
      if (subsystem(target) === subsystem(path)) return false;
      return target !== `actors/${subsystem(target)}/api.ts`;
    };
    assert.deepEqual(offending(under('actors'), isForbidden), []);
  });

  test('within routing, dealer and broker do not know each other, and matching knows neither', () => {
    const knows = (from: string, target: string): readonly string[] =>
      offending(under(`actors/routing/${from}`), (path) =>
        path.startsWith(`actors/routing/${target}`),
      );
    assert.deepEqual(knows('dealer', 'broker/'), []);
    assert.deepEqual(knows('broker', 'dealer/'), []);
    assert.deepEqual(
      offending(
        under('actors/routing/matching'),
        (path) => isOurs(path) && !path.startsWith('actors/routing/matching/'),
      ),
      [],
    );
  });

  test('only supervisors import actors', () => {
    const others = sources.filter(({ path }) => !path.startsWith('supervisors/'));
    assert.deepEqual(
      offending(others, (target) => target.endsWith('.actor.ts')),
      [],
    );
  });

  test('nobody imports bin, and nothing imports tests', () => {
    assert.deepEqual(
      offending(sources, (target, { path }) => {
        if (target.startsWith('bin/')) return !path.startsWith('bin/');
        return /^(test|bench|examples|scripts)\//.test(target);
      }),
      [],
    );
  });

  test('relative imports end in .ts and lead to a file', () => {
    assert.deepEqual(
      offending(sources, (target) => isOurs(target) && !existsSync(join(ROOT, target))),
      [],
    );
  });
});

describe('cores are pure', () => {
  const cores = sources.filter(isCore);

  const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
    ['the clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\b/],
    ['chance', /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/],
    ['timers', /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
    ['promises', /\basync\b|\bawait\b|\bPromise\b/],
    ['the process', /\bprocess\.|\bconsole\./],
  ];
  for (const [what, pattern] of FORBIDDEN) {
    test(`no core uses ${what}`, () => {
      const found = cores.filter(({ code }) => pattern.test(code));
      assert.deepEqual(paths(found), []);
    });
  }

  test('no core imports a module of Node, except what the codecs know about bytes', () => {
    assert.deepEqual(
      offending(cores, (target, { path }) => {
        if (target === 'node:buffer' && path.startsWith('runtime/wamp/')) return false;
        return target.startsWith('node:');
      }),
      [],
    );
  });

  test('no core uses Buffer, except the codecs, whose bytes it is', () => {
    const found = cores.filter(
      ({ path, code }) => /\bBuffer\b/.test(code) && !path.startsWith('runtime/wamp/'),
    );
    assert.deepEqual(paths(found), []);
  });

  test('only the configuration reads the environment', () => {
    const found = sources.filter(
      ({ path, code }) =>
        /\bprocess\.env\b/.test(code) && !/^(bin|runtime\/(config|log))\//.test(path),
    );
    assert.deepEqual(paths(found), []);
  });
});

describe('the code reads well', () => {
  test('nothing is any', () => {
    const found = sources.filter(({ code }) => /[:<,|&(]\s*any\b(?!\s*\()|\bas any\b/.test(code));
    assert.deepEqual(paths(found), []);
  });

  test('no enums, default exports, namespaces, decorators or private keywords', () => {
    const unwanted =
      /\b(export\s+)?(const\s+)?enum\s+[A-Z]|\bexport default\b|^\s*(export\s+)?namespace\s|^\s*@[A-Za-z]|^\s*private\s/m;
    assert.deepEqual(paths(sources.filter(({ code }) => unwanted.test(code))), []);
  });

  test('an error is ignored only where a comment says why', () => {
    const ignoring =
      /(.*)\n.*(?:\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*\(\)\s*=>\s*(?:\{\s*\}|undefined|null)\s*\))/g;
    const found = sources.filter(({ text }) =>
      [...text.matchAll(ignoring)].some(([, lineBefore]) => !lineBefore.trim().startsWith('//')),
    );
    assert.deepEqual(paths(found), []);
  });

  test('every file opens with what it is, or its first statement does', () => {
    const found = sources.filter(({ text }) => {
      const body = text.replace(/^#!.*\n/, '').replace(/^import\s[^;]*;\s*/gm, '');
      return !/^\/(\*\*|\/)/.test(text.replace(/^#!.*\n/, '')) && !/^\/\*\*/.test(body);
    });
    assert.deepEqual(paths(found), []);
  });

  test(`no file is longer than ${MAX_LINES} lines without a reason`, () => {
    const found = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ path, lines }) => lines > MAX_LINES && !(path in LONG_FILES));
    assert.deepEqual(found, []);
  });

  test('the median file has at most 150 lines', () => {
    const lines = sources.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);
    assert(lines[lines.length >> 1] <= 150, `median ${lines[lines.length >> 1]}`);
  });

  test('names are kebab-case', () => {
    const found = sources.filter(({ path }) => !/^[a-z0-9./-]+$/.test(path));
    assert.deepEqual(paths(found), []);
  });

  test('exceptions that are no longer needed are not kept', () => {
    const known = new Map(sources.map((source) => [source.path, source]));
    for (const path of [...Object.keys(IMPURE_IN_ACTORS), ...Object.keys(LONG_FILES)]) {
      assert(known.has(path), `${path} is gone`);
    }
  });
});

/** `file -> import` for each import that is forbidden. */
function offending(
  from: readonly Source[],
  isForbidden: (target: string, source: Source) => boolean,
): readonly string[] {
  return from.flatMap((source) =>
    source.imports
      .filter((target) => isForbidden(target, source))
      .map((target) => `${source.path} -> ${target}`),
  );
}

function paths(found: readonly Source[]): readonly string[] {
  return found.map(({ path }) => path);
}

function isOurs(target: string): boolean {
  return /^(runtime|actors|supervisors|bin|test|bench|examples|scripts)\//.test(target);
}

function subsystem(path: string): string {
  return path.split('/')[1];
}

function filesUnder(folder: string): readonly string[] {
  const absolute = join(ROOT, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`);
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const uncommented = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
  const imports = [...uncommented.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(
    ([, target]) => (target.startsWith('.') ? posix.join(posix.dirname(path), target) : target),
  );
  const code = uncommented.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
  return { path, text, code, imports };
}
