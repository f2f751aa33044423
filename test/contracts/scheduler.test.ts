/** The scheduler contract on nact, and on the stepper with and without chance. */
import assert from 'node:assert/strict';
import { NactScheduler } from '../../runtime/kernel/nact-scheduler.ts';
import { Stepper } from '../../runtime/kernel/stepper.ts';
import { schedulerContract } from './scheduler.contract.ts';
import type { Harness } from './scheduler.contract.ts';

schedulerContract('nact', () => ({
  scheduler: new NactScheduler({ onFault: (error) => assert.fail(String(error)) }),
  until: (promise) => promise,
}));

for (const interleaves of [true, false]) {
  const kind = interleaves ? 'stepper' : 'stepper in run queue order';
  schedulerContract(kind, () => stepperHarness(interleaves));
}

/** Steps and, when idle, moves the clock on, until the promise is settled. */
function stepperHarness(interleaves: boolean): Harness {
  const scheduler = new Stepper({ interleaves });
  return {
    scheduler,
    until: async (promise) => {
      let isSettled = false;
      const settle = (): void => void (isSettled = true);
      promise.then(settle, settle);
      for (let steps = 0; steps < 100_000; steps++) {
        await null;
        if (isSettled) return promise;
        if (!scheduler.step()) scheduler.advance(1);
      }
      throw new Error('the promise did not settle');
    },
  };
}
