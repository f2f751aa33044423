/** When a session's connection is read, and when it is not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Intake } from '../../../actors/sessions/intake.ts';

/** A connection that knows whether it is read. */
class Tap {
  isRead = true;
  readonly intake = new Intake(this);

  pause(): void {
    this.isRead = false;
  }

  resume(): void {
    this.isRead = true;
  }

  arrive(chunks: number): this {
    for (let i = 0; i < chunks; i += 1) this.intake.arrived();
    return this;
  }

  handle(chunks: number): this {
    for (let i = 0; i < chunks; i += 1) {
      this.intake.taken();
      this.intake.handled();
    }
    return this;
  }
}

describe('the intake of a session', () => {
  it('is open while eight chunks wait, and closed from the ninth until the last was handled', () => {
    const tap = new Tap().arrive(8);
    assert.equal(tap.isRead, true);
    tap.arrive(1);
    assert.equal(tap.isRead, false);
    tap.handle(8);
    assert.equal(tap.isRead, false);
    tap.handle(1);
    assert.equal(tap.isRead, true);
  });

  it('is closed until the peer has read its answers, and says once that it closed', () => {
    const tap = new Tap();
    assert.equal(tap.intake.awaitReader(), true);
    assert.equal(tap.intake.awaitReader(), false);
    assert.equal(tap.isRead, false);
    tap.intake.answersRead();
    assert.equal(tap.isRead, true);
    assert.equal(tap.intake.awaitReader(), true);
  });

  it('is closed until a verdict was acted upon, and stays so when that leads to another', () => {
    const tap = new Tap();
    tap.intake.awaitVerdict();
    tap.intake.verdictCame();
    assert.equal(tap.isRead, false);
    tap.intake.awaitVerdict();
    tap.intake.resume();
    assert.equal(tap.isRead, false);
    tap.intake.verdictCame();
    tap.intake.resume();
    assert.equal(tap.isRead, true);
  });

  it('opens when the last reason has gone, in whatever order they go', () => {
    const goes: readonly ((tap: Tap) => void)[] = [
      (tap) => tap.handle(9),
      (tap) => tap.intake.answersRead(),
      (tap) => {
        tap.intake.verdictCame();
        tap.intake.resume();
      },
    ];
    for (const order of ['012', '021', '102', '120', '201', '210']) {
      const tap = new Tap().arrive(9);
      tap.intake.awaitReader();
      tap.intake.awaitVerdict();
      const seen = [...order].map((which) => {
        goes[Number(which)](tap);
        return tap.isRead;
      });
      assert.deepEqual(seen, [false, false, true], order);
    }
  });
});
