/** Names and process groups of one kernel. What an actor holds here is given back when it ends. */
import type { Ref } from './actor.ts';

const NOBODY: readonly Ref<never>[] = [];

export class Registry {
  readonly #names = new Map<string, Ref<never>>();
  readonly #groups = new Map<string, Group>();

  /** Throws when the name is taken by a living actor. */
  register(name: string, holder: Ref<never>): void {
    const current = this.#names.get(name);
    if (current === holder) return;
    if (current !== undefined) {
      throw new Error(
        `name "${name}" is taken by ${current.path}, so ${holder.path} cannot have it`,
      );
    }
    this.#names.set(name, holder);
  }

  unregister(name: string, holder: Ref<never>): void {
    if (this.#names.get(name) === holder) this.#names.delete(name);
  }

  whereis(name: string): Ref<never> | undefined {
    return this.#names.get(name);
  }

  join(name: string, member: Ref<never>): void {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = new Group()));
    group.add(member);
  }

  leave(name: string, member: Ref<never>): void {
    const group = this.#groups.get(name);
    if (group?.delete(member) === true) this.#groups.delete(name);
  }

  /** In the order they joined. A snapshot: it does not change under its reader. */
  members(name: string): readonly Ref<never>[] {
    return this.#groups.get(name)?.members ?? NOBODY;
  }
}

class Group {
  readonly #members = new Set<Ref<never>>();
  #snapshot: readonly Ref<never>[] | undefined = undefined;

  get members(): readonly Ref<never>[] {
    this.#snapshot ??= [...this.#members];
    return this.#snapshot;
  }

  add(member: Ref<never>): void {
    this.#members.add(member);
    this.#snapshot = undefined;
  }

  /** True when nobody is left. */
  delete(member: Ref<never>): boolean {
    this.#members.delete(member);
    this.#snapshot = undefined;
    return this.#members.size === 0;
  }
}
