/** Which session actors a router watches, one monitor per member. */
import type { Context } from '../../runtime/kernel/actor.ts';
import type { Member } from './api.ts';

export class MemberMonitors {
  readonly #context: Pick<Context<never>, 'monitor' | 'demonitor'>;
  readonly #memberOf = new Map<number, Member>();
  readonly #monitorOf = new Map<Member, number>();

  constructor(context: Pick<Context<never>, 'monitor' | 'demonitor'>) {
    this.#context = context;
  }

  memberOf(monitor: number): Member | undefined {
    return this.#memberOf.get(monitor);
  }

  watch(member: Member): void {
    if (!member.session) return;
    const monitor = this.#context.monitor(member.session);
    this.#memberOf.set(monitor, member);
    this.#monitorOf.set(member, monitor);
  }

  unwatch(member: Member): void {
    const monitor = this.#monitorOf.get(member);
    if (monitor === undefined) return;
    this.#context.demonitor(monitor);
    this.#memberOf.delete(monitor);
    this.#monitorOf.delete(member);
  }
}
