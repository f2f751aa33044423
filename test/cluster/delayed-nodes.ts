/** What makes nodes of a test those of delayed-node.ts. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DelayedNodeOptions {
  /** Ms by which what the store says to all leaves late. */
  readonly broadcastDelayMs: number;
  /** False: relayed calls do not say what was written before them. */
  readonly isCausal: boolean;
}

export function delayedProgram(options: DelayedNodeOptions): readonly string[] {
  const extension = extname(fileURLToPath(import.meta.url));
  const program = fileURLToPath(new URL(`delayed-node${extension}`, import.meta.url));
  const flags = extension === '.ts' ? ['--import', 'tsx'] : ['--enable-source-maps'];
  return [...flags, program, JSON.stringify(options)];
}
