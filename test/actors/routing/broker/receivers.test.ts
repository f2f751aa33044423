import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import { heard, TestRealm } from './support.ts';

/** Sessions 1 (publisher) to 5, as [authid, authrole]. */
const WHO: Record<number, [string, string]> = {
  1: ['ann', 'boss'],
  2: ['bob', 'clerk'],
  3: ['bob', 'guest'],
  4: ['cyd', 'clerk'],
  5: ['dan', 'boss'],
};

function receiversOf(options: Dict): number[] {
  const realm = new TestRealm();
  const members = Object.entries(WHO).map(([id, [authid, authrole]]) =>
    realm.join(Number(id), { authid, authrole }),
  );
  for (const member of members) realm.subscribe(member, 'a.b');
  realm.publish(members[0]!, 'a.b', ['x'], options);
  return members.filter((member) => heard(member).length > 0).map(({ id }) => id);
}

describe('black- and white-listing', () => {
  const cases: [Dict, number[]][] = [
    [{}, [2, 3, 4, 5]],
    [{ exclude: [2, 99] }, [3, 4, 5]],
    [{ exclude: [] }, [2, 3, 4, 5]],
    [{ exclude_authid: ['bob'] }, [4, 5]],
    [{ exclude_authrole: ['clerk', 'boss'] }, [3]],
    [{ eligible: [3, 5] }, [3, 5]],
    [{ eligible: [] }, []],
    [{ eligible_authid: [] }, []],
    [{ eligible_authrole: [] }, []],
    [{ eligible_authid: ['bob', 'dan'] }, [2, 3, 5]],
    [{ eligible_authrole: ['clerk'] }, [2, 4]],
    [{ eligible_authid: ['bob'], eligible_authrole: ['clerk'] }, [2]],
    [{ eligible: [2, 3, 4], exclude: [3] }, [2, 4]],
    [{ eligible: [2, 3, 4], exclude_authid: ['bob'] }, [4]],
    [{ eligible: [1, 2] }, [2]], // the publisher stays excluded
    [{ eligible: [1, 2], exclude_me: false }, [1, 2]],
    [{ exclude: [1], exclude_me: false }, [2, 3, 4, 5]],
    [{ exclude: null, eligible: null }, [2, 3, 4, 5]],
  ];
  for (const [options, receivers] of cases) {
    it(`${JSON.stringify(options)} reaches ${receivers.join(', ') || 'nobody'}`, () => {
      assert.deepEqual(receiversOf(options), receivers);
    });
  }
});
