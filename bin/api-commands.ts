/** `bondy realm list` and the like: made of `api/verbs.ts`. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Verb } from './api/verb.ts';
import { NOUNS } from './api/verbs.ts';
import { withOperatorOptions } from './options.ts';

const HELP = `
Who asks: --user with a password of the master realm (--password-file, BONDY_ADMIN_PASSWORD, or typed), a ticket or
operator token (--token-file), or on the node's machine what its configuration (-c) knows.
Exit status: 0 done, 1 refused or failed, 2 not understood.`;

export function addApiCommands(program: Command): void {
  for (const { name, description, verbs } of NOUNS) {
    const noun = program.command(name).description(description);
    for (const each of verbs) addVerb(noun, each);
  }
}

function addVerb(noun: Command, verb: Verb): void {
  const command = withLoginOptions(noun.command(verb.name))
    .description(verb.description)
    .addHelpText('after', HELP);
  for (const name of verb.args) command.argument(`<${name}>`);
  for (const { flags, description } of verb.flags) command.option(flags, description);
  if (verb.hasBody) command.option('--file <json>', 'the document, as JSON; - for standard input');
  command.action(async (...given: unknown[]) => {
    const args = Object.fromEntries(verb.args.map((name, i) => [name, String(given[i])]));
    const { perform } = await import('./commands/api.ts');
    process.exitCode = await perform(verb, args, command.opts());
  });
}

function withLoginOptions(command: Command): Command {
  return withOperatorOptions(command)
    .addOption(new Option('--user <name>', 'who asks, of the master realm').env('BONDY_ADMIN_USER'))
    .addOption(
      new Option('--password-file <file>', "that user's password; - for standard input").env(
        'BONDY_ADMIN_PASSWORD_FILE',
      ),
    );
}
