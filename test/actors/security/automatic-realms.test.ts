import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AutomaticRealms } from '../../../actors/security/automatic-realms.ts';
import type { Committed } from '../../../actors/security/commits.ts';
import type { SecurityRecord } from '../../../actors/security/records.ts';

function setUp(isOn = true, known: Readonly<Record<string, SecurityRecord>> = {}) {
  const commits: { uri: string; done: (outcome: Committed) => void }[] = [];
  const counted: string[] = [];
  const realms = new AutomaticRealms({
    isOn: () => isOn,
    limit: () => 100,
    record: (key) => known[key],
    commit: (records, done) => {
      for (const each of records) if (each.kind === 'realm') commits.push({ uri: each.uri, done });
    },
    count: (counter) => void counted.push(counter),
  });
  return { realms, commits, counted };
}

describe('a realm that a HELLO asks for', () => {
  it('is made once, however many ask for it meanwhile', () => {
    const { realms, commits, counted } = setUp();
    let told = 0;
    for (let i = 0; i < 3; i++)
      assert.equal(
        realms.make('a.b', () => void told++),
        true,
      );
    assert.deepEqual(
      commits.map(({ uri }) => uri),
      ['a.b'],
    );
    assert.equal(told, 0);
    commits[0]!.done({ kind: 'stored' });
    assert.equal(told, 3);
    assert.deepEqual(counted, ['realms_made']);
  });

  it('is not made where that is off, under a name that is none, or after it was removed', () => {
    const never = () => assert.fail('nobody waits');
    assert.equal(setUp(false).realms.make('a.b', never), false);
    for (const uri of ['', 'a b', 'a..b', 'a#b', 'a\u0000', 'x'.repeat(10_000)]) {
      assert.equal(setUp().realms.make(uri, never), false, uri);
    }
    const removed = { held: false } as SecurityRecord;
    const all = new Proxy({}, { get: () => removed });
    assert.equal(setUp(true, all).realms.make('a.b', never), false);
  });

  it('is one of so many at most; those that could not be stored do not count', () => {
    const { realms, commits, counted } = setUp();
    const outcome = { kind: 'failed', reason: 'store', message: '', stored: [] } as const;
    for (let i = 0; i < 50; i++) assert(realms.make(`bad${i}`, () => {}));
    for (const { done } of commits.splice(0)) done(outcome);
    for (let i = 0; i < 100; i++)
      assert(
        realms.make(`r${i}`, () => {}),
        `${i}`,
      );
    assert.equal(
      realms.make('r100', () => {}),
      false,
    );
    assert.equal(counted.filter((each) => each === 'realms_not_made').length, 51);
  });
});
