import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTimestamp, toTimestamp } from '../../../actors/routing/timestamps.ts';

describe('RFC 3339 timestamps', () => {
  const good: [string, number][] = [
    ['1985-04-12T23:20:50.52Z', Date.UTC(1985, 3, 12, 23, 20, 50, 520)],
    ['1996-12-19T16:39:57-08:00', Date.UTC(1996, 11, 20, 0, 39, 57)],
    ['1990-12-31T23:59:60Z', Date.UTC(1991, 0, 1)],
    ['1937-01-01T12:00:27.87+00:20', Date.UTC(1937, 0, 1, 11, 40, 27, 870)],
    ['2024-02-29t00:00:00z', Date.UTC(2024, 1, 29)],
  ];
  for (const [text, at] of good) {
    it(`${text} is understood`, () => assert.equal(parseTimestamp(text), at));
  }

  const bad = [
    '',
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-01-32T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T00:00:61Z',
    '2023-01-01T00:00:00',
    '2023-01-01T00:00:00+24:00',
    '2023-01-01 00:00:00Z',
    '2023-01-01T00:00:00.Z',
    '2023-01-01',
    'yesterday',
    '2023-01-01T00:00:00Z\n',
  ];
  for (const text of bad) {
    it(`${JSON.stringify(text)} is refused`, () => assert.equal(parseTimestamp(text), undefined));
  }

  it('are written in UTC with milliseconds', () => {
    assert.equal(toTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), '2026-01-02T03:04:05.006Z');
  });
});
