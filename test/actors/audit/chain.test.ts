/** Lines of the audit log: what was changed shows, and nobody's words become lines. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AuditEvent } from '../../../actors/audit/api.ts';
import type { Hash, Head } from '../../../actors/audit/chain.ts';
import { GENESIS, lineOf, MAX_LINE, readLine, Verifier } from '../../../actors/audit/chain.ts';
import { Sampler } from '../../../actors/audit/sampler.ts';

const hash: Hash = (text) => createHash('sha256').update(text).digest('hex');

function denied(authid: string): AuditEvent {
  const about = { realm: 'com.example', session: 1, action: 'call', untold: 0 };
  return { event: 'denied', ...about, authid, uri: 'com.example.secret' };
}

function log(events: readonly AuditEvent[], from: Head = GENESIS): readonly string[] {
  let head = from;
  return events.map((event, i) => {
    const made = lineOf(head, 'bondy@a', event, 1_700_000_000_000 + i, hash);
    head = made.head;
    return made.line;
  });
}

function verified(lines: readonly string[], by: Hash = hash): Verifier {
  const verifier = new Verifier(by);
  for (const line of lines) verifier.add(line);
  verifier.end();
  return verifier;
}

const TEN = log(Array.from({ length: 10 }, (_, i) => denied(`user${i}`)));

describe('a log', () => {
  it('that nobody changed is whole', () => {
    const { faults, head, first } = verified(TEN);
    assert.deepEqual(faults, []);
    assert.deepEqual([first, head?.seq], [1, 10]);
  });

  it('of which the older files are gone is whole from there on', () => {
    const { faults, first } = verified(TEN.slice(4));
    assert.deepEqual([faults, first], [[], 5]);
  });

  it('shows any line that was changed, taken out, doubled, moved or put in', () => {
    const seed = Date.now() % 2 ** 31;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.nat(), fc.nat(), (i, at, by) => {
        const line = TEN[i]!;
        const place = at % line.length;
        const other = String.fromCharCode(33 + (by % 90));
        if (line[place] !== other) {
          const changed = `${line.slice(0, place)}${other}${line.slice(place + 1)}`;
          assert.notEqual(verified(TEN.with(i, changed)).faults.length, 0, `place ${place}`);
        }
        if (i > 0) assert.notEqual(verified(TEN.toSpliced(i, 1)).faults.length, 0, 'taken out');
        assert.notEqual(verified(TEN.toSpliced(i, 0, line)).faults.length, 0, 'doubled');
        const swapped = TEN.with(i, TEN[i + 1]!).with(i + 1, line);
        assert.notEqual(verified(swapped).faults.length, 0, 'moved');
        const forged = log([denied('nobody')], { seq: i, hash: 'f'.repeat(64) });
        assert.notEqual(verified(TEN.with(i, forged[0]!)).faults.length, 0, 'put in');
      }),
      { seed, numRuns: 300, verbose: 1 },
    );
  });

  it('made anew by somebody without the key shows', () => {
    const keyed: Hash = (text) => createHmac('sha256', 'k'.repeat(32)).update(text).digest('hex');
    assert.notEqual(verified(TEN, keyed).faults.length, 0);
  });

  it('goes on after a torn line only with the words that vouch for it', () => {
    const torn = TEN[3]!.slice(0, 40);
    const { head } = readLine(TEN[2]!, hash)!;
    const recovered = log([{ event: 'log', what: 'recovered', torn: hash(torn) }], head);
    assert.deepEqual(verified([...TEN.slice(0, 3), torn, ...recovered]).faults, []);
    const other = verified([...TEN.slice(0, 3), `${torn} `, ...recovered]).faults;
    assert.equal(other.length, 1);
  });
});

describe('what somebody calls themselves', () => {
  it('is never a line, a sign a terminal obeys, or longer than a line may be', () => {
    const seed = Date.now() % 2 ** 31;
    const names = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2_000 }),
      fc.constantFrom('a\n{"seq":9}', '\u001b[2Jx', 'x\u2028y', '\u202etxt.exe', '\u0000', '"}'),
    );
    fc.assert(
      fc.property(names, (authid) => {
        const [line] = log([denied(authid)]) as [string];
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        assert(line.length <= MAX_LINE, `${line.length}`);
        const read = readLine(line, hash);
        assert.equal(
          read?.fields['authid'],
          authid.length > 512 ? `${authid.slice(0, 512)}…` : authid,
        );
        assert.equal(read.fields['realm'], 'com.example');
      }),
      { seed, numRuns: 500, verbose: 1 },
    );
  });
});

describe('a sample of denials', () => {
  it('has so many a second, and says how many it left out', () => {
    const sampler = new Sampler(2);
    const taken = [0, 1, 2, 3, 999, 1_000, 1_001, 1_002, 5_000].map((now) => sampler.take(now));
    assert.deepEqual(taken, [0, 0, undefined, undefined, undefined, 3, 0, undefined, 1]);
  });
});
