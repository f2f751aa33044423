/** Reads the node's configuration, and the commands that only look at it. */
import { renderMistakes } from '../../runtime/config/mistake.ts';
import { nodeFiles } from '../../runtime/config/node-files.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import type { LoadedConfig } from '../../supervisors/config.ts';

export interface ConfigOptions {
  readonly config?: string;
  readonly set?: readonly string[];
}

export function readConfiguration(options: ConfigOptions): LoadedConfig {
  return loadNodeConfig({
    file: options.config,
    environment: process.env,
    flags: options.set ?? [],
    workingDirectory: process.cwd(),
    files: nodeFiles,
  });
}

/** Exit status: 0 when a node would start with it. */
export function checkConfig(options: ConfigOptions): number {
  const { mistakes, settings } = readConfiguration(options);
  if (mistakes.length > 0) return refuse(renderMistakes(mistakes));
  const given = settings.filter(({ where }) => where !== 'default').length;
  process.stdout.write(`The configuration is fine: ${given} settings given.\n`);
  return 0;
}

export function showConfig(options: ConfigOptions): number {
  const { mistakes, settings } = readConfiguration(options);
  const lines = settings.map(({ key, shown, where }) =>
    shown === '' ? `# ${key} =` : `${key} = ${shown}${where === 'default' ? '' : `  # ${where}`}`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return mistakes.length > 0 ? refuse(renderMistakes(mistakes)) : 0;
}

export function refuse(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
