/** What an incarnation holds beside its mailbox and must give back when it ends, whatever the reason. */
import type { Port, TimerId } from './actor.ts';
import type { Host } from './host.ts';
import type { Process } from './process.ts';
import type { Watcher } from './process-parts.ts';

export interface Monitor {
  readonly target: Process;
  readonly watcher: Watcher;
}

/** A question that is still open. */
export interface Cancellable {
  cancel(): void;
}

export class Belongings {
  readonly timers = new Map<TimerId, unknown>();
  // The rest is rare, so it is made when it is first needed.
  #monitors: Map<number, Monitor> | undefined = undefined;
  #calls: Set<Cancellable> | undefined = undefined;
  #names: Set<string> | undefined = undefined;
  #groups: Set<string> | undefined = undefined;
  #ports: Set<Port> | undefined = undefined;

  get monitors(): Map<number, Monitor> {
    return (this.#monitors ??= new Map());
  }

  get calls(): Set<Cancellable> {
    return (this.#calls ??= new Set());
  }

  get names(): Set<string> {
    return (this.#names ??= new Set());
  }

  get groups(): Set<string> {
    return (this.#groups ??= new Set());
  }

  get ports(): Set<Port> {
    return (this.#ports ??= new Set());
  }

  release(owner: Process, host: Host): void {
    for (const handle of this.timers.values()) host.scheduler.clearTimer(handle);
    this.timers.clear();
    for (const { target, watcher } of this.#monitors?.values() ?? []) target.unwatch(watcher);
    this.#monitors?.clear();
    for (const call of this.#calls ?? []) call.cancel();
    for (const name of this.#names ?? []) host.registry.unregister(name, owner);
    for (const group of this.#groups ?? []) host.registry.leave(group, owner);
    for (const port of [...(this.#ports ?? [])].reverse()) closePort(port, owner, host);
  }
}

/** A port that fails to close must not keep the others open: reported, then the next. */
function closePort(port: Port, owner: Process, host: Host): void {
  try {
    port.close();
  } catch (error) {
    host.log.event('error', 'port_close_failed', { path: owner.path, error });
  }
}
