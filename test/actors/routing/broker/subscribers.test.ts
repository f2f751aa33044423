import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Subscribers } from '../../../../actors/routing/broker/subscribers.ts';
import { testMember } from '../support.ts';

const MEMBERS = Array.from({ length: 40 }, (_, i) => testMember(i + 1));

describe('the subscribers of a subscription', () => {
  it('are a set of sessions, few or many', () => {
    const step = fc.record({ adds: fc.boolean(), nth: fc.nat(MEMBERS.length - 1) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(40), (steps, initial) => {
        const subscribers = new Subscribers();
        const model = new Set<number>();
        const add = (nth: number) => {
          const member = MEMBERS[nth]!;
          assert.equal(subscribers.add(member), !model.has(member.id));
          model.add(member.id);
        };
        for (let nth = 0; nth < initial; nth++) add(nth);
        for (const { adds, nth } of steps) {
          if (adds) add(nth);
          else assert.equal(subscribers.remove(nth + 1), model.delete(nth + 1));
          assert.equal(subscribers.size, model.size);
          assert.deepEqual(new Set(subscribers.all.map(({ id }) => id)), model);
          for (const { id } of MEMBERS) assert.equal(subscribers.has(id), model.has(id));
        }
      }),
    );
  });
});
