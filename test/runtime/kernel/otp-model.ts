/**
 * OTP's supervision rules once more, as plainly as possible: no time, no messages, only who runs.
 * Written from the OTP documentation of `supervisor`, independent of the kernel it judges.
 */
import type { Restart, StaticSupervisorSpec } from '../../../runtime/kernel/supervision.ts';

export interface ModelWorker {
  readonly kind: 'worker';
  readonly id: string;
  readonly restart: Restart;
  readonly isSignificant: boolean;
  /** The ordinal of the start that fails, at any of its incarnations; 0 for none. */
  readonly failsAt: number;
}

export interface ModelSupervisor {
  readonly kind: 'supervisor';
  readonly id: string;
  readonly restart: Restart;
  readonly isSignificant: boolean;
  readonly strategy: StaticSupervisorSpec['strategy'];
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
  readonly restarts: number;
  readonly children: readonly ModelSpec[];
}

export type ModelSpec = ModelWorker | ModelSupervisor;

export const PERIOD_MS = 100;

class Node {
  readonly spec: ModelSpec;
  readonly parent: Node | undefined;
  readonly path: string;
  isAlive = false;
  /** To be started again after a failed start. */
  isWaiting = false;
  children: Node[] = [];
  restartedAt: number[] = [];

  constructor(spec: ModelSpec, parent: Node | undefined) {
    this.spec = spec;
    this.parent = parent;
    this.path = parent === undefined ? spec.id : `${parent.path}/${spec.id}`;
  }
}

export class OtpModel {
  readonly root: Node;
  /** Starts by path, the failed ones too. */
  readonly starts: Record<string, number> = {};
  #now = 0;

  constructor(spec: ModelSupervisor) {
    this.root = new Node(spec, undefined);
    this.#start(this.root);
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** Paths of all that run, in tree order. */
  alive(): string[] {
    const visit = (node: Node): string[] =>
      node.isAlive ? [node.path, ...node.children.flatMap(visit)] : [];
    return visit(this.root);
  }

  /** A worker ends by itself or is killed; a supervisor can only be killed. */
  end(path: string, isClean: boolean): void {
    const node = this.#find(this.root, path)!;
    this.#stop(node);
    if (node.parent !== undefined) this.#onEnded(node.parent, node, isClean);
  }

  #find(node: Node, path: string): Node | undefined {
    if (node.path === path) return node;
    for (const child of node.children) {
      const found = this.#find(child, path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** True when it runs now; a supervisor only when all its children do. */
  #start(node: Node): boolean {
    node.isWaiting = false;
    const { spec, path } = node;
    if (spec.kind === 'worker') {
      this.starts[path] = (this.starts[path] ?? 0) + 1;
      node.isAlive = this.starts[path] !== spec.failsAt;
      return node.isAlive;
    }
    node.restartedAt = [];
    node.children = spec.children.map((child) => new Node(child, node));
    node.isAlive = node.children.every((child) => this.#start(child));
    if (!node.isAlive) this.#stopAll(node.children);
    return node.isAlive;
  }

  #stop(node: Node): void {
    this.#stopAll(node.children);
    node.isAlive = false;
    node.isWaiting = false;
  }

  #stopAll(nodes: readonly Node[]): void {
    for (const node of [...nodes].reverse()) if (node.isAlive) this.#stop(node);
  }

  #onEnded(supervisor: Node, child: Node, isClean: boolean): void {
    const { restart, isSignificant } = child.spec;
    if (restart === 'permanent' || (restart === 'transient' && !isClean)) {
      return this.#restart(supervisor, child);
    }
    if (restart === 'temporary') remove(supervisor, child);
    if (!isSignificant || supervisor.spec.kind === 'worker') return;
    const others = supervisor.children.filter((other) => other.spec.isSignificant);
    const isLast = !others.some((other) => other.isAlive || other.isWaiting);
    const rule = supervisor.spec.autoShutdown;
    if (rule === 'any_significant' || (rule === 'all_significant' && isLast))
      this.#giveUp(supervisor);
  }

  #restart(supervisor: Node, child: Node): void {
    if (supervisor.spec.kind === 'worker') return;
    const { restarts, strategy } = supervisor.spec;
    const isRecent = (at: number): boolean => this.#now - at <= PERIOD_MS;
    supervisor.restartedAt = [...supervisor.restartedAt.filter(isRecent), this.#now];
    if (supervisor.restartedAt.length > restarts) return this.#giveUp(supervisor);
    const all = supervisor.children;
    const from = strategy === 'one_for_all' ? 0 : all.indexOf(child);
    const group = strategy === 'one_for_one' ? [child] : all.slice(from);
    for (const node of [...group].reverse()) {
      if (!node.isAlive) continue;
      this.#stop(node);
      if (node.spec.restart === 'temporary') remove(supervisor, node);
    }
    for (const node of group) {
      if (!supervisor.children.includes(node) || this.#start(node)) continue;
      node.isWaiting = true;
      return this.#restart(supervisor, node);
    }
  }

  /** It shuts down, which is a clean end to its own supervisor. */
  #giveUp(supervisor: Node): void {
    this.#stop(supervisor);
    if (supervisor.parent !== undefined) this.#onEnded(supervisor.parent, supervisor, true);
  }
}

function remove(supervisor: Node, child: Node): void {
  supervisor.children = supervisor.children.filter((other) => other !== child);
}
