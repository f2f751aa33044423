/** Which process this is, so that a lock can tell a living holder from a dead one whose number is used again. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks since the machine did (Linux); elsewhere empty. */
  readonly startTicks: string;
  /** The machine's boot and the space of process numbers (container); elsewhere the host name. */
  readonly space: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid), space: ownSpace() };
}

/**
 * `unknown`: its number means nothing here, because it ran in another container or on another machine; such a holder
 * is taken for dead, and the engine's own lock, which the system keeps, protects the data.
 */
export function livenessOf(holder: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (holder.space !== ownSpace()) return 'unknown';
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  const startTicks = startTicksOf(holder.pid);
  return startTicks === '' || startTicks === holder.startTicks ? 'alive' : 'dead';
}

function ownSpace(): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id');
  if (boot === '') return hostname();
  return `${boot} ${linkIfThere('/proc/self/ns/pid')}`;
}

/** Field 22 of /proc/PID/stat, counted behind the command's name, which may hold anything; empty: not readable. */
function startTicksOf(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkIfThere(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
