#!/usr/bin/env node
/** The command line. Each command is a file in commands/; what they need is imported when they run. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ConfigOptions } from './commands/configuration.ts';
import { VERSION } from './version.ts';

const program = new Command('bondy')
  .description('A WAMP router made of supervised actors.')
  .version(VERSION, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError('(bondy --help shows what can be said)')
  .showSuggestionAfterError();

withConfigOptions(program.command('start'))
  .description('run a node until SIGTERM or Ctrl-C')
  .action(async (options: ConfigOptions) => {
    const { start } = await import('./commands/start.ts');
    await start(options);
  });

program
  .command('tree')
  .description('show the supervision tree of a running node')
  .addOption(adminUrlOption())
  .option('--depth <levels>', 'levels below the root', wholeNumber, 99)
  .option('--children <count>', 'children shown of each supervisor', wholeNumber)
  .option('--watch', 'draw it again every second')
  .option('--json', 'print what the node answers')
  .action(async (options) => {
    const { tree } = await import('./commands/tree.ts');
    process.exitCode = await tree(options);
  });

const store = program.command('store').description('look at the replicated store, or convert it');

store
  .command('status')
  .description('show partitions, rows and comparisons of a running node')
  .addOption(adminUrlOption())
  .option('--json', 'print what the node answers')
  .action(async (options) => {
    const { storeStatus } = await import('./commands/store.ts');
    process.exitCode = await storeStatus(options);
  });

withConfigOptions(store.command('migrate'))
  .description('convert the data directory of a stopped node to another engine')
  .addOption(
    new Option('--to <engine>', 'the new engine')
      .choices(['rocksdb', 'leveldb'])
      .makeOptionMandatory(),
  )
  .action(async (options) => {
    const { storeMigrate } = await import('./commands/store.ts');
    process.exitCode = await storeMigrate(options);
  });

const config = program.command('config').description('look at the configuration');

for (const [name, description] of [
  ['check', 'find every mistake, and start nothing'],
  ['show', 'print every setting in effect and where it comes from'],
] as const) {
  withConfigOptions(config.command(name))
    .description(description)
    .action(async (options: ConfigOptions) => {
      const { checkConfig, showConfig } = await import('./commands/configuration.ts');
      process.exitCode = (name === 'check' ? checkConfig : showConfig)(options);
    });
}

for (const [name, description] of [
  ['docs', 'print the reference of all keys (docs/configuration.md)'],
  ['example', 'print a configuration file with every key (bondy.conf.example)'],
] as const) {
  config
    .command(name)
    .description(description)
    .action(async () => {
      const { configDocs, configExample } = await import('../supervisors/config-docs.ts');
      process.stdout.write(name === 'docs' ? configDocs() : configExample());
    });
}

function withConfigOptions(command: Command): Command {
  return command
    .addOption(new Option('-c, --config <file>', 'configuration file').env('BONDY_CONFIG'))
    .option(
      '-s, --set <key=value>',
      'a setting, stronger than environment and file; as often as needed',
      (setting: string, before: readonly string[] = []) => [...before, setting],
    );
}

function adminUrlOption(): Option {
  return new Option('--url <url>', 'where its admin server is')
    .env('BONDY_ADMIN_URL')
    .default('http://127.0.0.1:18081');
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

await program.parseAsync();
