/** How long is waited between dials: growing, capped, and never below the cap for strangers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackOff } from '../../../actors/links/back-off.ts';
import { DEFAULT_LINKS } from '../../../actors/links/config.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';

const { redialMinMs, redialMaxMs } = DEFAULT_LINKS;

describe('waits between dials', () => {
  test('double from the least to the most, with up to half of them taken off', () => {
    const random = seededRandom(1);
    const backOff = new BackOff(100, 1_000);
    for (const whole of [100, 200, 400, 800, 1_000, 1_000]) {
      const wait = backOff.next(random);
      assert(wait >= whole / 2 && wait <= whole, `${wait} of ${whole}`);
    }
    backOff.reset();
    assert(backOff.next(random) <= 100);
  });

  test('are at least 30 seconds in the end for a node that was never linked or refuses', () => {
    const random = seededRandom(2);
    const backOff = new BackOff(redialMinMs, redialMaxMs);
    const waits = Array.from({ length: 50 }, () => backOff.nextPatient(random));
    assert(waits[0] <= 2 * redialMinMs);
    const late = waits.slice(10);
    assert(
      late.every((wait) => wait >= 30_000 && wait <= 45_000),
      `${late.join(' ')}`,
    );
  });
});
