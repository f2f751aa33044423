/** The admin API asks a router that does not answer: it is told why at once, where that is known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiOutcome, Caller } from '../../actors/management/api.ts';
import type { Realm } from '../../actors/realms/api.ts';
import { Attendance, RealmDirectory } from '../../actors/realms/api.ts';
import type { RouterInput } from '../../actors/routing/api.ts';
import type { Delivery } from '../../runtime/kernel/actor.ts';
import { metaPort } from '../../supervisors/meta-port.ts';

const REALM = 'com.example.one';
const CALLER: Caller = { realm: REALM, username: 'user1', isMaster: false };

/** A realm whose router keeps what it is asked. */
function stage(delivery: Delivery = 'accepted') {
  const directory = new RealmDirectory();
  const attendance = new Attendance();
  const inbox: RouterInput[] = [];
  const router = { cast: (input: RouterInput) => (inbox.push(input), delivery) };
  directory.open({ uri: REALM, attendance, router } as unknown as Realm);
  const answers: ApiOutcome[] = [];
  metaPort(directory).ask(REALM, 'wamp.session.list', [], {}, CALLER, (it) => answers.push(it));
  const said = (): readonly string[] =>
    answers.map((it) => (it.kind === 'error' ? `${it.error.code}: ${it.error.message}` : 'result'));
  return { attendance, inbox, said };
}

test('a realm that is closed while its router is asked is no realm any more', () => {
  const { attendance, inbox, said } = stage();
  assert.deepEqual(said(), []);
  attendance.close();
  assert.deepEqual(said(), [`no_such_realm: ${REALM} was closed meanwhile`]);
  const [asked] = inbox;
  assert(asked?.kind === 'asked');
  asked.answer({ kind: 'result', args: [] });
  assert.equal(said().length, 1, 'what comes later goes nowhere');
});

test('what the router has answered is not answered again when its realm is closed', () => {
  const { attendance, inbox, said } = stage();
  const [asked] = inbox;
  assert(asked?.kind === 'asked');
  asked.answer({ kind: 'result', args: [] });
  attendance.close();
  assert.deepEqual(said(), ['result']);
});

test('a router that takes no more is not waited for', () => {
  assert.deepEqual(stage('refused').said(), [
    `unavailable: too much is asked of ${REALM} now: try again`,
  ]);
});
