/** `bondy realm list` and the like: made of `api/verbs.ts`. */
import type { Command } from 'commander';
import type { Verb } from './api/verb.ts';
import { NOUNS } from './api/verbs.ts';
import { collect, WHO_ASKS, withNodeOptions } from './options.ts';

const HELP = `${WHO_ASKS}
Exit status: 0 done, 1 refused or failed, 2 not understood.`;

export function addApiCommands(program: Command): void {
  for (const { name, description, verbs } of NOUNS) {
    const noun = program.command(name).description(description);
    for (const each of verbs) addVerb(noun, each);
  }
}

function addVerb(noun: Command, verb: Verb): void {
  const command = withNodeOptions(noun.command(verb.name))
    .description(verb.description)
    .addHelpText('after', HELP);
  for (const name of verb.args) command.argument(`<${name}>`);
  for (const { flags, description, kind } of verb.flags) {
    if (kind === 'list') command.option(flags, `${description}; as often as needed`, collect);
    else command.option(flags, description);
  }
  if (verb.hasBody) command.option('--file <json>', 'the document, as JSON; - for standard input');
  command.action(async (...given: unknown[]) => {
    const args = Object.fromEntries(verb.args.map((name, i) => [name, String(given[i])]));
    const { perform } = await import('./commands/api.ts');
    process.exitCode = await perform(verb, args, command.opts());
  });
}
