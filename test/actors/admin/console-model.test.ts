/** What the console makes of addresses, of fields that people fill in, and of explanations. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PERMISSIONS } from '../../../actors/security/api.ts';
import type { Explanation } from '../../../actors/security/api.ts';

type Step = Explanation['steps'][number];

/** The page is plain JavaScript, so this is what the test knows of it. */
interface Place {
  readonly realm: string | undefined;
  readonly section: string;
}
interface Sentence {
  readonly verdict: 'yes' | 'no' | 'none';
  readonly text: string;
  readonly detail?: string;
}
interface Question {
  readonly realm: string;
  readonly authid: string;
  readonly permission: string;
  readonly resource: string;
}

async function load<T>(file: string): Promise<T> {
  const page = new URL(`../../../actors/admin/page/console/${file}`, import.meta.url);
  return (await import(page.href)) as T;
}

const { readPlace, placeOf, SECTIONS } = await load<{
  readPlace(hash: string): Place | undefined;
  placeOf(realm?: string, section?: string): string;
  readonly SECTIONS: readonly string[];
}>('place.js');
const { storyOf } = await load<{
  storyOf(question: Question, explanation: Explanation): readonly Sentence[];
}>('story.js');
const { listOf, objectOf } = await load<{
  listOf(text: string): readonly string[];
  objectOf(name: string, text: string): object;
}>('values.js');

describe('an address', () => {
  test('leads to where it was made, whatever the realm is called', () => {
    const realms = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    fc.assert(
      fc.property(realms, fc.constantFrom(...SECTIONS), (realm, section) => {
        assert.deepEqual(readPlace(placeOf(realm, section)), { realm, section });
      }),
    );
    assert.deepEqual(readPlace(placeOf()), { realm: undefined, section: 'realms' });
  });

  test('that makes no sense leads to what it says first', () => {
    assert.deepEqual(readPlace('#console/%/users'), { realm: undefined, section: 'realms' });
    assert.deepEqual(readPlace('#console/r/__proto__'), { realm: 'r', section: 'sessions' });
    for (const hash of ['', '#', '#tree', '#consoles', '#cluster/console']) {
      assert.equal(readPlace(hash), undefined, hash);
    }
  });
});

test('names are told apart by commas and spaces', () => {
  assert.deepEqual(listOf(' a, b  c,,d '), ['a', 'b', 'c', 'd']);
  assert.deepEqual(listOf(' , '), []);
});

test('meta is a JSON object or nothing, and what else it is is said of its field', () => {
  assert.deepEqual(objectOf('meta', ' '), {});
  assert.deepEqual(objectOf('meta', '{"a": 1}'), { a: 1 });
  for (const text of ['[1]', 'null', '"a"', '{', '7']) {
    assert.throws(
      () => objectOf('meta', text),
      ({ problems }: { readonly problems: readonly { readonly path: string }[] }) =>
        problems[0]?.path === 'meta',
      text,
    );
  }
});

describe('an explanation', () => {
  const asked = { realm: 'r', authid: 'ann', permission: 'wamp.call', resource: 'com.a' };
  const step: Step = {
    ...{ realm: 'r', role: 'group/devs', via: [], permission: 'wamp.call' },
    ...{ uri: 'com.', match: 'prefix', verdict: 'grants' },
  };
  const answer = { roles: ['all', 'group/devs'], steps: [], omitted: 0 };

  test('ends with what is allowed or denied, whatever the reason', () => {
    const reasons = {
      granted: 'yes',
      no_grant: 'no',
      security_disabled: 'yes',
      no_such_realm: 'no',
      no_such_user: 'no',
      user_disabled: 'no',
    } as const satisfies Record<Explanation['reason'], string>;
    for (const [reason, verdict] of Object.entries(reasons)) {
      const explanation = { ...answer, allowed: verdict === 'yes', reason } as Explanation;
      assert.equal(storyOf(asked, explanation).at(-1)?.verdict, verdict, reason);
    }
  });

  test('says of each grant whether it fits, by which groups, and from which prototype', () => {
    const steps: readonly Step[] = [
      { ...step, via: ['team', 'devs'], realm: 'prototype' },
      { ...step, verdict: 'other_permission', permission: 'wamp.publish', match: 'any', uri: '' },
      { ...step, verdict: 'other_resource', uri: 'com.b', match: 'exact' },
    ];
    const told = storyOf(asked, { ...answer, allowed: true, reason: 'granted', steps, omitted: 3 });
    assert.deepEqual(told.slice(3, 7), [
      {
        verdict: 'yes',
        text: 'group/devs is granted wamp.call on com. (prefix): this fits.',
        detail: 'in it through team → devs; a grant of the prototype prototype',
      },
      {
        verdict: 'none',
        text: 'group/devs is granted wamp.publish on anything: it is another permission.',
        detail: '',
      },
      {
        verdict: 'none',
        text: 'group/devs is granted wamp.call on com.b: it is another resource.',
        detail: '',
      },
      { verdict: 'none', text: '3 more grants that do not fit are not shown.' },
    ]);
  });
});

test('all permissions can be granted and asked for', async () => {
  const views = await load<{ readonly PERMISSIONS: readonly string[] }>('permissions.js');
  assert.deepEqual([...views.PERMISSIONS].sort(), [...PERMISSIONS].sort());
});
