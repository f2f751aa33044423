/** The audit actor on the kernel's stepper, with a disk that fails when it is told to. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { AuditEvent, AuditMessage } from '../../../actors/audit/api.ts';
import { AUDIT } from '../../../actors/audit/api.ts';
import type { AuditFile, AuditState } from '../../../actors/audit/audit.actor.ts';
import { audit } from '../../../actors/audit/audit.actor.ts';
import { Verifier } from '../../../actors/audit/chain.ts';
import type { AuditConfig } from '../../../actors/audit/config.ts';
import { AUDIT_DEFAULTS } from '../../../actors/audit/config.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { worker } from '../../../runtime/kernel/worker.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function entry(n: number): AuditEvent {
  return { event: 'member', what: 'up', node: `bondy@${n}#1` };
}

/** What outlives a node: the bytes of its files. */
class Disk implements AuditFile {
  text = '';
  aside: string[] = [];
  isFull = false;
  syncs = 0;

  get size(): number {
    return this.text.length;
  }
  tail() {
    const lines = this.text.split('\n');
    const torn = lines.pop() || undefined;
    return { lastLine: lines.at(-1) || undefined, torn };
  }
  append(text: string, isSynced: boolean, done: (error: Error | undefined) => void): void {
    if (this.isFull) return done(new Error('ENOSPC'));
    this.text += text;
    if (isSynced) this.syncs++;
    done(undefined);
  }
  sync(done: (error: Error | undefined) => void): void {
    this.syncs++;
    done(undefined);
  }
  rotate(): void {
    this.aside.push(this.text);
    this.text = '';
  }
  closeWith(text: string): void {
    this.text += text;
  }

  faults(): readonly unknown[] {
    const verifier = new Verifier(hash);
    for (const line of [...this.aside, this.text].join('').split('\n').slice(0, -1)) {
      verifier.add(line);
    }
    verifier.end();
    return verifier.faults;
  }
}

class Stage {
  readonly state: AuditState = { problem: undefined, dropped: 0 };
  readonly counts = new Map<string, number>();
  readonly stepper = new Stepper();
  readonly kernel: Kernel;
  readonly mailbox: Mailbox<AuditMessage>;

  constructor(disk: Disk, config: Partial<AuditConfig> = {}) {
    const all = { ...AUDIT_DEFAULTS, file: 'audit.log', ...config };
    this.mailbox = new Mailbox({ limit: all.maxWaiting, onFull: 'refuse' });
    const definition = audit({
      ...{ config: all, node: 'bondy@a', state: this.state, mailbox: this.mailbox, hash },
      isInCluster: false,
      open: () => disk,
      lastAside: () => disk.aside.at(-1)?.trimEnd().split('\n').at(-1),
      count: (what, by = 1) => this.counts.set(what, (this.counts.get(what) ?? 0) + by),
      log: () => {},
    });
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 1, periodMs: 1000 },
        children: () => [worker('audit', definition)],
      },
      scheduler: this.stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.stepper.run();
  }

  record(...numbers: readonly number[]): void {
    for (const n of numbers) this.mailbox.cast({ kind: 'entry', event: entry(n), at: n });
  }

  stop(): void {
    void this.kernel.stop();
    this.stepper.run();
  }
}

function told(disk: Disk): readonly (string | undefined)[] {
  return [...disk.text.matchAll(/bondy@(\d+)#1/g)].map(([, n]) => n);
}

describe('the audit log', () => {
  it('goes on where the last life of the node ended', () => {
    const disk = new Disk();
    const first = new Stage(disk);
    first.record(1, 2, 3);
    first.stepper.run();
    first.stop();
    const second = new Stage(disk);
    second.record(4);
    second.stepper.run();
    assert.deepEqual(told(disk), ['1', '2', '3', '4']);
    assert.deepEqual(disk.faults(), []);
  });

  it('writes what came while the disk was full when there is room again, and says so meanwhile', () => {
    const disk = new Disk();
    const stage = new Stage(disk);
    disk.isFull = true;
    stage.record(1);
    stage.stepper.run();
    stage.record(2, 3);
    stage.stepper.run();
    assert.equal(stage.state.problem, 'ENOSPC');
    assert.equal(disk.text, '');
    disk.isFull = false;
    stage.stepper.advance(1_000);
    stage.stepper.run();
    assert.equal(stage.state.problem, undefined);
    assert.deepEqual(told(disk), ['1', '2', '3']);
    assert.deepEqual(disk.faults(), []);
  });

  it('says how many entries it could not keep, and its chain has no hole', () => {
    const disk = new Disk();
    const stage = new Stage(disk, { maxWaiting: 5 });
    disk.isFull = true;
    for (let n = 1; n <= 20; n++) {
      stage.record(n);
      stage.stepper.run();
    }
    disk.isFull = false;
    stage.stepper.advance(1_000);
    stage.stepper.run();
    stage.record(21);
    stage.stepper.run();
    const [, dropped] = /"what":"dropped","entries":(\d+)/.exec(disk.text)!;
    assert.equal(told(disk).length + Number(dropped), 21);
    assert.equal(stage.counts.get('audit_entries_dropped'), Number(dropped));
    assert.deepEqual(disk.faults(), []);
  });

  it('puts a full file aside, and goes on with the next number, also after a start', () => {
    const disk = new Disk();
    const stage = new Stage(disk, { maxFileBytes: 1_000 });
    for (let n = 1; n <= 10; n++) {
      stage.record(n);
      stage.stepper.run();
    }
    assert(disk.aside.length > 0);
    stage.stop();
    disk.aside.push(disk.text);
    disk.text = '';
    const next = new Stage(disk);
    next.record(11);
    next.stepper.run();
    assert.deepEqual(disk.faults(), []);
  });

  it('ends a line that the end of the process cut, and vouches for it', () => {
    const disk = new Disk();
    const first = new Stage(disk);
    first.record(1, 2);
    first.stepper.run();
    disk.text = disk.text.slice(0, -30);
    const second = new Stage(disk);
    second.record(3);
    second.stepper.run();
    assert.match(disk.text, /"what":"recovered"/);
    assert.deepEqual(disk.faults(), []);
  });

  it('does not go on behind a line that is not its own', () => {
    const disk = new Disk();
    const first = new Stage(disk);
    first.record(1);
    first.stepper.run();
    disk.text = disk.text.replace('bondy@1', 'bondy@9');
    const before = disk.text;
    const second = new Stage(disk);
    second.record(2);
    second.stepper.run();
    assert.equal(second.kernel.whereis(AUDIT), undefined);
    assert.equal(disk.text, before);
  });

  it('is on disk before the next entry is written, where that is asked for', () => {
    const disk = new Disk();
    const stage = new Stage(disk, { fsync: 'always' });
    stage.record(1);
    stage.stepper.run();
    stage.record(2);
    stage.stepper.run();
    assert.equal(disk.syncs, 2);
  });
});
