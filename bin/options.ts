/** Options that several commands share. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

export function withConfigOptions(command: Command): Command {
  return command
    .addOption(new Option('-c, --config <file>', 'configuration file').env('BONDY_CONFIG'))
    .option(
      '-s, --set <key=value>',
      'a setting, stronger than environment and file; as often as needed',
      (setting: string, before: readonly string[] = []) => [...before, setting],
    );
}

export function adminUrlOption(): Option {
  return new Option('--url <url>', 'where its admin server is')
    .env('BONDY_ADMIN_URL')
    .default('http://127.0.0.1:18081');
}

/** Of commands for a running node, which is where the configuration says, unless its address is given. */
export function withNodeOptions(command: Command): Command {
  return withConfigOptions(command)
    .addOption(
      new Option('--url <url>', 'where its admin server is (default: as configured)').env(
        'BONDY_ADMIN_URL',
      ),
    )
    .option('--json', 'print what the node answers');
}

/** ... that change it, so that it wants to see its operator's token. */
export function withOperatorOptions(command: Command): Command {
  return withNodeOptions(command).addOption(
    new Option(
      '--token-file <file>',
      'its operator token (default: operator.token in store.data_dir)',
    ).env('BONDY_OPERATOR_TOKEN_FILE'),
  );
}

export function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}
