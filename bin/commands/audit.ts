/** `bondy audit verify`: reads the files of an audit log in their order and follows the chain. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Verifier } from '../../actors/audit/chain.ts';
import { renderMistakes } from '../../runtime/config/mistake.ts';
import { asideOf } from '../../runtime/disk/append-file.ts';
import { hashOf } from '../../supervisors/audit-trail.ts';
import type { ConfigOptions } from './configuration.ts';
import { readConfiguration, refuse } from './configuration.ts';

export interface VerifyOptions extends ConfigOptions {
  readonly keyFile?: string;
  readonly expect?: string;
  readonly json?: boolean;
}

const MAX_FAULTS = 20;

export async function auditVerify(
  given: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const { config, mistakes } = readConfiguration(options);
  if (mistakes.length > 0) return refuse(renderMistakes(mistakes));
  const path = given ?? config.audit.file;
  if (path === undefined) return refuse('Name a file, or set security.audit.file.');
  if (!existsSync(path)) return refuse(`There is no ${path}.`);
  try {
    return await verify(path, options, hashOf(options.keyFile ?? config.audit.keyFile));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

async function verify(
  path: string,
  { expect, json }: VerifyOptions,
  hash: (text: string) => string,
): Promise<number> {
  const verifier = new Verifier(hash);
  const files = [...asideOf(path), path];
  let isExpectedThere = expect === undefined;
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      verifier.add(line);
      isExpectedThere ||= verifier.head?.hash === expect;
    }
  }
  verifier.end();
  const { faults, head, first, lines } = verifier;
  const isWhole = faults.length === 0 && isExpectedThere;
  if (json) {
    const report = { files, lines, first, last: head, faults, isExpectedThere, isWhole };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return isWhole ? 0 : 1;
  }
  const said = [
    `files    ${files.length}`,
    `entries  ${first ?? 0} to ${head?.seq ?? 0}, the last with hash ${head?.hash ?? '-'}`,
    ...(first !== undefined && first > 1 ? [`older    1 to ${first - 1} are not here`] : []),
    ...faults.slice(0, MAX_FAULTS).map(({ line, why }) => `CHANGED  line ${line}: ${why}`),
    ...(faults.length > MAX_FAULTS ? [`         and ${faults.length - MAX_FAULTS} more`] : []),
    ...(isExpectedThere ? [] : [`CUT      no entry has the hash ${expect}`]),
    isWhole ? 'Nothing was changed.' : 'This is not what the node wrote.',
  ];
  process.stdout.write(`${said.join('\n')}\n`);
  return isWhole ? 0 : 1;
}
