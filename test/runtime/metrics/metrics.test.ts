import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Metrics } from '../../../runtime/metrics/metrics.ts';

const quiet = { processMetrics: false };

test('a counter is exported with prefix, suffix, its help and its value', async () => {
  const metrics = new Metrics({ ...quiet, counterHelp: { calls: 'CALLs received.' } });
  metrics.counters.count('calls');
  metrics.counters.count('calls', 41);
  const text = await metrics.text();
  assert.match(text, /^# HELP bondy_calls_total CALLs received\.$/m);
  assert.match(text, /^# TYPE bondy_calls_total counter$/m);
  assert.match(text, /^bondy_calls_total 42$/m);
});

test('a counter shows its present value at every scrape, not the sum of all scrapes', async () => {
  const metrics = new Metrics(quiet);
  metrics.counters.count('calls', 3);
  await metrics.text();
  await metrics.text();
  assert.match(await metrics.text(), /^bondy_calls_total 3$/m);
});

test('a counter with a help is exported at 0 before anybody counts', async () => {
  const metrics = new Metrics({ ...quiet, counterHelp: { calls: 'CALLs received.' } });
  assert.match(await metrics.text(), /^bondy_calls_total 0$/m);
});

test('a counter without a help is exported with one made of its name', async () => {
  const metrics = new Metrics(quiet);
  metrics.counters.count('events_dropped');
  assert.match(await metrics.text(), /# HELP bondy_events_dropped_total .*events dropped/);
});

test('a counter taken once can be counted without looking it up', () => {
  const { counters } = new Metrics(quiet);
  const calls = counters.counter('calls');
  calls.add();
  counters.count('calls');
  assert.equal(calls.value, 2);
  assert.equal(counters.value('calls'), 2);
  assert.equal(counters.value('unknown'), 0);
});

test('a counter name that is not snake_case is refused', () => {
  const { counters } = new Metrics(quiet);
  for (const name of ['', 'Calls', 'calls-made', '1st', '__proto__', 'a'.repeat(101), 'x\ny']) {
    assert.throws(() => counters.count(name), /snake_case/, JSON.stringify(name));
  }
});

test('counters made from input run into a limit', () => {
  const { counters } = new Metrics(quiet);
  for (let i = 0; i < 1_000; i += 1) counters.count(`topic_${i}`);
  assert.throws(() => counters.count('topic_1000'), /made from input/);
  counters.count('topic_7'); // known ones still count
  assert.equal(counters.value('topic_7'), 2);
});

test('a gauge asks its callback at every scrape', async () => {
  const metrics = new Metrics(quiet);
  let sessions = 1;
  metrics.gauge('sessions', 'Sessions now.', () => sessions);
  assert.match(await metrics.text(), /^bondy_sessions 1$/m);
  sessions = 7;
  assert.match(await metrics.text(), /^bondy_sessions 7$/m);
});

test('a gauge with labels forgets the series that are gone', async () => {
  const metrics = new Metrics(quiet);
  let realms = ['realm1', 'realm2'];
  const collect = () => realms.map((realm) => ({ labels: { realm }, value: realm.length }));
  metrics.gauge('sessions', 'Sessions by realm.', collect, ['realm']);
  assert.match(await metrics.text(), /^bondy_sessions\{realm="realm2"\} 6$/m);
  realms = ['realm1'];
  const text = await metrics.text();
  assert.match(text, /realm="realm1"/);
  assert.doesNotMatch(text, /realm2/);
});

test('a label value cannot break out of its line', async () => {
  const metrics = new Metrics(quiet);
  const realm = 'a"} 1\nevil 1 \\';
  metrics.gauge('sessions', 'Sessions.', () => [{ labels: { realm }, value: 1 }], ['realm']);
  const text = await metrics.text();
  assert.doesNotMatch(text, /^evil/m);
  assert.ok(text.includes('bondy_sessions{realm="a\\"} 1\\nevil 1 \\\\"} 1'));
});

test('a metric with too many series is cut, and the cut is counted', async () => {
  const metrics = new Metrics(quiet);
  const many = Array.from({ length: 1_005 }, (_, i) => ({ labels: { realm: `r${i}` }, value: 1 }));
  metrics.gauge('sessions', 'Sessions.', () => many, ['realm']);
  const text = await metrics.text();
  assert.equal(text.match(/^bondy_sessions\{/gm)?.length, 1_000);
  assert.equal(metrics.counters.value('metric_series_left_out'), 5);
});

test('a total that somebody else keeps is exported as a counter', async () => {
  const metrics = new Metrics(quiet);
  metrics.total('overruns', 'Turns over budget.', () => 12);
  await metrics.text();
  const text = await metrics.text();
  assert.match(text, /^# TYPE bondy_overruns_total counter$/m);
  assert.match(text, /^bondy_overruns_total 12$/m);
});

test('a name is given once', () => {
  const metrics = new Metrics(quiet);
  metrics.gauge('sessions', 'Sessions.', () => 1);
  assert.throws(() => metrics.gauge('sessions', 'Sessions.', () => 1), /already been registered/);
});

test('a callback that throws fails the scrape instead of hiding', async () => {
  const metrics = new Metrics(quiet);
  metrics.gauge('sessions', 'Sessions.', () => {
    throw new Error('no router');
  });
  await assert.rejects(metrics.text(), /no router/);
});

test('process and event loop metrics are there by default', async () => {
  const text = await new Metrics().text();
  assert.match(text, /^process_resident_memory_bytes \d+/m);
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
});
