/** Options that several commands share. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

export function withConfigOptions(command: Command): Command {
  return command
    .addOption(new Option('-c, --config <file>', 'configuration file').env('BONDY_CONFIG'))
    .option(
      '-s, --set <key=value>',
      'a setting, stronger than environment and file; as often as needed',
      collect,
    );
}

/** Of commands for a running node: where it is, which the configuration says as well, and who asks. */
export function withNodeOptions(command: Command): Command {
  const options = [
    new Option('--url <url>', 'where its admin server is (default: as configured)').env(
      'BONDY_ADMIN_URL',
    ),
    new Option('--user <name>', 'who asks, of the master realm').env('BONDY_ADMIN_USER'),
    new Option('--password-file <file>', "that user's password; - for standard input").env(
      'BONDY_ADMIN_PASSWORD_FILE',
    ),
    new Option(
      '--token-file <file>',
      'a ticket or operator token (default: operator.token in store.data_dir)',
    ).env('BONDY_OPERATOR_TOKEN_FILE'),
    new Option('--ca-file <file>', 'who vouches for an https --url: certificates, PEM').env(
      'BONDY_ADMIN_CA_FILE',
    ),
    new Option('--json', 'print what the node answers'),
  ];
  for (const option of options) command.addOption(option);
  return withConfigOptions(command);
}

/** For the end of their help. */
export const WHO_ASKS = `
Who asks: --user with a password of the master realm (--password-file, BONDY_ADMIN_PASSWORD, or typed), a ticket or
operator token (--token-file), or on the node's machine what its configuration (-c) knows.`;

export function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

/** Of an option that may be given again and again. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
