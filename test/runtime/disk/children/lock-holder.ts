/** Locks a data directory, says how that went, and stays: `node lock-holder.js LOCKFILE [GATE]`. Waits for the gate's file. */
import { existsSync } from 'node:fs';
import { lockDirectory } from '../../../../runtime/disk/directory-lock.ts';

const [file, gate] = process.argv.slice(2) as [string, string | undefined];
console.log('ready');
while (gate !== undefined && !existsSync(gate)); // spins, so that all start in one moment
const locked = lockDirectory(file);
if (locked.kind === 'failed') console.log(`${locked.failure.kind} ${locked.failure.detail}`);
else console.log(`held ${locked.value.takenFrom?.pid ?? ''}`.trim());
setInterval(() => {}, 60_000);
