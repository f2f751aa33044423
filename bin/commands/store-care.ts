/** `bondy store check` and `repair`: of a running node through its admin server, of a stopped one on its disk. */
import { parseFields } from '../answer.ts';
import { drawCheck, drawRepair, isWell, isWhole } from '../store-care-view.ts';
import { tell } from '../tell-node.ts';
import type { NodeOptions } from '../ask-node.ts';
import { readConfiguration, refuse } from './configuration.ts';
import { renderMistakes } from '../../runtime/config/mistake.ts';
import { checkOffline } from '../../supervisors/offline-check.ts';

/** Rows are read from disk, all of them. */
const CHECK_MS = 6 * 3_600_000;

export interface CheckOptions extends NodeOptions {
  readonly offline?: boolean;
  readonly dataDir?: string;
}

/** Exit status: 1 when something is damaged. */
export async function storeCheck(options: CheckOptions): Promise<number> {
  if (options.offline || options.dataDir !== undefined) return checkStopped(options);
  const told = await tell(options, 'store/check', {}, CHECK_MS);
  if (told.kind === 'failed') return refuse(told.problem);
  return show(options, told.text);
}

async function checkStopped({ dataDir, ...options }: CheckOptions): Promise<number> {
  const { config, mistakes } = readConfiguration(options);
  if (mistakes.length > 0) return refuse(renderMistakes(mistakes));
  const checked = await checkOffline(dataDir ?? config.store.dataDirectory, {
    timeoutMs: config.store.disk.probeTimeoutMs,
  });
  if (checked.kind === 'refused') return refuse(checked.reason);
  return show(options, JSON.stringify(checked.report));
}

function show({ json }: NodeOptions, text: string): number {
  const report = parseFields(text);
  process.stdout.write(`${json ? JSON.stringify(report, null, 2) : drawCheck(report)}\n`);
  return isWhole(report) ? 0 : 1;
}

/** Exit status: 1 when something is still damaged. */
export async function storeRepair(options: NodeOptions): Promise<number> {
  const told = await tell(options, 'store/repair', {}, CHECK_MS);
  if (told.kind === 'failed') return refuse(told.problem);
  const report = parseFields(told.text);
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : drawRepair(report)}\n`);
  return isWell(report) ? 0 : 1;
}
