/** What an incarnation holds beside its mailbox and must give back when it ends, whatever the reason. */
import type { Port } from './actor.ts';
import type { Host } from './host.ts';
import type { Process } from './process.ts';
import type { Watcher } from './process-parts.ts';
import type { Timer } from './timer.ts';

export interface Monitor {
  readonly target: Process;
  readonly watcher: Watcher;
}

/** A question that is still open. */
export interface Cancellable {
  cancel(): void;
}

export class Belongings {
  // Most actors hold little, and there are as many as sessions: each is made when it is first needed.
  /** The youngest of the timers that run; it leads to the others. */
  lastTimer: Timer | undefined = undefined;
  #monitors: Map<number, Monitor> | undefined = undefined;
  #calls: Set<Cancellable> | undefined = undefined;
  #names: Set<string> | undefined = undefined;
  #groups: Set<string> | undefined = undefined;
  #ports: Port[] | undefined = undefined;

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

  get ports(): Port[] {
    return (this.#ports ??= []);
  }

  release(owner: Process, host: Host): void {
    while (this.lastTimer !== undefined) this.lastTimer.cancel();
    if (this.#monitors !== undefined) {
      for (const { target, watcher } of this.#monitors.values()) target.unwatch(watcher);
      this.#monitors.clear();
    }
    if (this.#calls !== undefined) for (const call of this.#calls) call.cancel();
    if (this.#names !== undefined)
      for (const name of this.#names) host.registry.unregister(name, owner);
    if (this.#groups !== undefined)
      for (const group of this.#groups) host.registry.leave(group, owner);
    if (this.#ports === undefined) return;
    for (const port of this.#ports.reverse()) closePort(port, owner, host);
    this.#ports = undefined;
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
