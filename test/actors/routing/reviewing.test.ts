/** What sessions hold, gone through when decisions change; the router's cores are stood in for by sets. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../actors/routing/api.ts';
import type { Callee, Registration } from '../../../actors/routing/dealer/registrations.ts';
import type { Held } from '../../../actors/routing/reviewing.ts';
import { Reviewing, REVOKED } from '../../../actors/routing/reviewing.ts';
import type { Authorizer } from '../../../actors/security/api.ts';
import { testMember } from './support.ts';

type Match = Held['match'];

class Hall {
  readonly members = new Map<number, Member>();
  readonly registrations = new Map<Member, Set<Registration>>();
  readonly subscriptions = new Map<Member, Set<Held>>();
  readonly forbidden = new Set<string>();
  readonly revoked: string[] = [];
  /** Asked since the last time it was read. */
  asked: string[] = [];
  mayDisclose = true;
  waiting = 0;
  #id = 0;
  readonly reviewing: Reviewing;

  constructor(isOpen = false) {
    const ask = (action: string, uri: string): boolean => {
      this.asked.push(`${action} ${uri}`);
      return !this.forbidden.has(`${action} ${uri}`);
    };
    const authorizer: Authorizer = {
      mayI: () => assert.fail('a review is no request'),
      mayDisclose: () => this.mayDisclose,
      ...(!isOpen && { mayStill: (_member, action, uri) => ask(action, uri) }),
    };
    this.reviewing = new Reviewing({
      members: this.members,
      authorizer,
      registrationsOf: (member) => this.registrations.get(member) ?? [],
      subscriptionsOf: (member) => this.subscriptions.get(member) ?? [],
      revokeRegistration: (registration, reason, member) => {
        assert.equal(reason, REVOKED);
        this.registrations.get(member)!.delete(registration);
        this.revoked.push(`${member.id} ${registration.uri}`);
      },
      revokeSubscription: (member, id, reason) => {
        assert.equal(reason, REVOKED);
        const held = this.subscriptions.get(member)!;
        const one = [...held].find((each) => each.id === id)!;
        held.delete(one);
        this.revoked.push(`${member.id} ${one.uri}`);
      },
      later: () => void this.waiting++,
    });
  }

  member(): Member {
    const member = testMember(++this.#id);
    this.members.set(member.id, member);
    this.registrations.set(member, new Set());
    this.subscriptions.set(member, new Set());
    return member;
  }

  subscribe(member: Member, uri: string, match: Match = 'exact'): void {
    this.subscriptions.get(member)!.add({ id: ++this.#id, uri, match });
  }

  register(member: Member, uri: string, discloseCaller = false): void {
    const callees = [{ member, discloseCaller } as Callee];
    const registration = { id: ++this.#id, uri, match: 'exact', callees } as unknown;
    this.registrations.get(member)!.add(registration as Registration);
  }

  /** Returns how many turns it took. */
  run(between?: () => void): number {
    let turns = 0;
    while (this.waiting > 0) {
      this.waiting--;
      turns++;
      this.reviewing.step();
      between?.();
    }
    return turns;
  }
}

describe('a review', () => {
  it('takes what is no longer allowed, from whom it is not, and nothing else', () => {
    const hall = new Hall();
    const [one, other] = [hall.member(), hall.member()];
    for (const member of [one, other]) {
      hall.register(member, 'p');
      hall.register(member, 'q');
      hall.subscribe(member, 't');
      hall.subscribe(member, 'a.', 'prefix');
      hall.subscribe(member, 'a..b', 'wildcard');
    }
    for (const each of ['register p', 'subscribe a.', 'subscribe a..b']) hall.forbidden.add(each);
    hall.reviewing.begin();
    hall.run();
    const gone = ['p', 'a.', 'a..b'];
    assert.deepEqual(
      hall.revoked,
      [one, other].flatMap(({ id }) => gone.map((uri) => `${id} ${uri}`)),
    );
  });

  it('takes a registration that tells who calls, when that is no longer allowed', () => {
    const hall = new Hall();
    const member = hall.member();
    hall.register(member, 'told', true);
    hall.register(member, 'untold');
    hall.mayDisclose = false;
    hall.reviewing.begin();
    hall.run();
    assert.deepEqual(hall.revoked, [`${member.id} told`]);
  });

  it('does a bounded piece of work in a turn, however much one session holds', () => {
    const hall = new Hall();
    const member = hall.member();
    for (let i = 0; i < 10_000; i++) hall.subscribe(member, `t${i}`);
    hall.reviewing.begin();
    let most = hall.asked.length;
    hall.asked = [];
    const turns = hall.run(() => {
      most = Math.max(most, hall.asked.length);
      hall.asked = [];
    });
    assert(most <= 200, `${most} decisions in a turn`);
    assert(turns >= 49);
  });

  it('sees again what it has passed when decisions change in the middle, however often: once', () => {
    const hall = new Hall();
    const member = hall.member();
    for (let i = 0; i < 1_000; i++) hall.subscribe(member, `t${i}`);
    hall.reviewing.begin();
    let turn = 0;
    hall.run(() => {
      if (++turn > 2) return;
      hall.forbidden.add('subscribe t0'); // passed already
      hall.reviewing.begin();
      hall.reviewing.begin();
    });
    assert.deepEqual(hall.revoked, [`${member.id} t0`]);
    assert(hall.asked.length <= 2_000, `${hall.asked.length} questions`);
  });

  it('goes on when sessions leave, come and let go of things between its turns', () => {
    const hall = new Hall();
    const members = Array.from({ length: 20 }, () => hall.member());
    for (const member of members) for (let i = 0; i < 100; i++) hall.subscribe(member, `t${i}`);
    hall.forbidden.add('subscribe t99');
    hall.reviewing.begin();
    let left = 0;
    hall.run(() => {
      const [leaving] = [...hall.members.values()].slice(-1);
      if (leaving && left++ < 5) {
        hall.members.delete(leaving.id);
        hall.subscriptions.get(leaving)!.clear();
      }
    });
    const remaining = [...hall.members.keys()];
    const seen = new Set(hall.revoked.map((each) => Number(each.split(' ')[0])));
    for (const id of remaining) assert(seen.has(id), `session ${id} was passed over`);
  });

  it('is none where there is no policy, and a turn of a router that died does nothing', () => {
    const open = new Hall(true);
    open.subscribe(open.member(), 't');
    open.reviewing.begin();
    assert.equal(open.waiting, 0);
    const hall = new Hall();
    hall.subscribe(hall.member(), 't');
    hall.reviewing.step();
    assert.deepEqual(hall.asked, []);
  });
});
