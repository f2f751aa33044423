/** The command line as a user has it: a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROJECT_ROOT } from '../support/project.ts';

/** The sources when the test is a source, the build when it is built. */
const EXTENSION = extname(import.meta.url);
const BONDY = fileURLToPath(new URL(`../../bin/bondy${EXTENSION}`, import.meta.url));
const LOADERS: readonly string[] = EXTENSION === '.ts' ? ['tsx'] : [];

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Modules that node loads first. */
  readonly imports?: readonly string[];
}

export const FREE_PORTS: readonly string[] = [
  'api_gateway.http.port=0',
  'wamp.tcp.port=0',
  'admin_api.http.port=0',
].flatMap((setting) => ['--set', setting]);

/** Nodes of tests run side by side, and a data directory is for one process. */
export const NOTHING_KEPT = { BONDY_STORE__ENGINE: 'memory' };

/** Runs to the end. */
export function bondy(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Running(args, options).finished;
}

export interface TestContextLike {
  after(cleanUp: () => void | Promise<void>): void;
}

/** A node on free ports, logging JSON; ended with the test. */
export function runNode(
  t: TestContextLike,
  args: readonly string[] = [],
  options: RunOptions = {},
): Running {
  const node = new Running(['start', ...FREE_PORTS, '--set', 'log.format=json', ...args], options);
  t.after(() => node.end());
  return node;
}

export class Running {
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  constructor(args: readonly string[], { environment = {}, imports = [] }: RunOptions) {
    const flags = [...LOADERS, ...imports].flatMap((module) => ['--import', module]);
    const hasDisk = args.some((arg) => arg.includes('cluster.enabled') || arg.includes('store.'));
    const engine = hasDisk || args[0] !== 'start' ? {} : NOTHING_KEPT;
    this.#child = spawn(process.execPath, [...flags, BONDY, ...args], {
      cwd: PROJECT_ROOT,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...engine, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.finished = new Promise((resolve) =>
      this.#child.once('close', (status, signal) => {
        this.#hasEnded = true;
        this.#wake();
        resolve({ status, signal, stdout: this.#stdout, stderr: this.#stderr });
      }),
    );
  }

  get stdout(): string {
    return this.#stdout;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The log event of this name, the one after the first `skip` of them; fails when the process ends before it. */
  async event(name: string, skip = 0): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.#events().filter(({ event }) => event === name)[skip];
      if (found) return found;
      if (this.#hasEnded) {
        throw new Error(`ended without ${name}:\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Waits for a text on the standard output. */
  async output(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      if (this.#hasEnded) throw new Error(`ended without "${text}":\n${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** URLs by listener, once the node is ready. */
  async urls(): Promise<ReadonlyMap<string, string>> {
    const { addresses } = await this.event('node_started');
    const pairs = addresses as readonly { readonly name: string; readonly url: string }[];
    return new Map(pairs.map(({ name, url }) => [name, url]));
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.finished;
  }

  #events(): Record<string, unknown>[] {
    const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function temporaryFolder(t: TestContextLike): string {
  const folder = mkdtempSync(join(tmpdir(), 'bondy-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
