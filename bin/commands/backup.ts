/** `bondy backup create`, `verify`, `restore` and `status`, of a running node through its admin server. */
import type { Fields } from '../answer.ts';
import { fieldsOf, numberOf, parseFields, textOf } from '../answer.ts';
import { tell } from '../tell-node.ts';
import type { NodeOptions } from '../ask-node.ts';
import { refuse } from './configuration.ts';

/** All of a store is read or written. */
const LONG_MS = 6 * 3_600_000;
const STATUS_MS = 10_000;

export async function backupCreate(
  name: string | undefined,
  options: NodeOptions,
): Promise<number> {
  return show(options, 'backup/create', { name }, (report) =>
    [
      `file    ${textOf(report['filename'])}`,
      `rows    ${numberOf(report['rows'])}`,
      `bytes   ${numberOf(report['bytes'])}${report['encrypted'] === true ? ', encrypted' : ''}`,
      `sha256  ${textOf(report['sha256'])}`,
    ].join('\n'),
  );
}

export async function backupVerify(name: string, options: NodeOptions): Promise<number> {
  return show(options, 'backup/verify', { name }, (report) =>
    [
      `file        ${textOf(report['filename'])}`,
      `of          ${textOf(report['node'])} in ${textOf(report['cluster'])}, ${textOf(report['time'])}, version ${textOf(report['release'])}`,
      `rows        ${numberOf(report['rows'])}, ${numberOf(report['tombstones'])} of them deletions`,
      ...Object.entries(fieldsOf(report['prefixes'])).map(
        ([prefix, rows]) => `            ${textOf(prefix)} ${numberOf(rows)}`,
      ),
      `partitions  ${numberOf(report['partitions'])}`,
      `bytes       ${numberOf(report['bytes'])}${report['isEncrypted'] === true ? ', encrypted' : ''}`,
      'All of it is whole.',
    ].join('\n'),
  );
}

export interface RestoreOptions extends NodeOptions {
  readonly asNew?: boolean;
}

export async function backupRestore(name: string, options: RestoreOptions): Promise<number> {
  const body = { name, as_new: options.asNew === true };
  return show(
    options,
    'backup/restore',
    body,
    (report) =>
      [
        `rows       ${numberOf(report['rows'])}`,
        `changed    ${numberOf(report['changed'])}`,
        `unchanged  ${numberOf(report['unchanged'])} (known already, or older than what is here)`,
        `refused    ${numberOf(report['refused'])}`,
      ].join('\n'),
    (report) => numberOf(report['refused']) === 0,
  );
}

export async function backupStatus(options: NodeOptions): Promise<number> {
  return show(
    options,
    'backup/status',
    {},
    (report) => {
      const last = fieldsOf(report['last']);
      const running = textOf(report['status']);
      const now =
        running === 'idle'
          ? 'idle'
          : `${running} for ${numberOf(report['elapsed_time_secs'])} s, ${textOf(report['filename'])}, ${numberOf(report['rows'])} rows`;
      if (last['doing'] === undefined) return now;
      const said = last['message'] === undefined ? '' : `: ${textOf(last['message'])}`;
      return `${now}\nlast: ${textOf(last['doing'])} of ${textOf(last['filename'])}, ${textOf(last['outcome'])}${said}`;
    },
    undefined,
    STATUS_MS,
  );
}

async function show(
  options: NodeOptions,
  path: string,
  body: object,
  draw: (report: Fields) => string,
  isWell: (report: Fields) => boolean = () => true,
  timeoutMs = LONG_MS,
): Promise<number> {
  const told = await tell(options, path, body, timeoutMs);
  if (told.kind === 'failed') return refuse(told.problem);
  const report = parseFields(told.text);
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : draw(report)}\n`);
  return isWell(report) ? 0 : 1;
}
