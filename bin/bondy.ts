#!/usr/bin/env node
/** The command line. Each command is a file in commands/; what they need is imported when they run. */
import { Command } from 'commander';
import { addApiCommands } from './api-commands.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addBackupCommands } from './backup-commands.ts';
import { addClusterCommands } from './cluster-commands.ts';
import type { ConfigOptions } from './commands/configuration.ts';
import { withConfigOptions, withNodeOptions, wholeNumber } from './options.ts';
import { addStoreCommands } from './store-commands.ts';
import { VERSION } from './version.ts';

/** Of a command line that is not understood; 1 says that what was asked for failed. */
const USAGE = 2;

const program = new Command('bondy')
  .description('A WAMP router made of supervised actors.')
  .version(VERSION, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError('(bondy --help shows what can be said)')
  .showSuggestionAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));

withConfigOptions(program.command('start'))
  .description('run a node until SIGTERM or Ctrl-C')
  .action(async (options: ConfigOptions) => {
    const { start } = await import('./commands/start.ts');
    await start(options);
  });

program
  .command('init')
  .description('write a configuration for production, with secrets, into a new directory')
  .option('--dir <directory>', 'where to', '.')
  .action(async (options: { readonly dir: string }) => {
    const { init } = await import('./commands/init.ts');
    process.exitCode = init(options);
  });

withNodeOptions(program.command('tree'))
  .description('show the supervision tree of a running node')
  .option('--node <name>', 'of this node of the cluster, asked through the one at --url')
  .option('--depth <levels>', 'levels below the root', wholeNumber, 99)
  .option('--children <count>', 'children shown of each supervisor', wholeNumber)
  .option('--watch', 'draw it again every second')
  .action(async (options) => {
    const { tree } = await import('./commands/tree.ts');
    process.exitCode = await tree(options);
  });

addApiCommands(program);
addClusterCommands(program);
addStoreCommands(program);
addBackupCommands(program);
addAuditCommands(program);

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

await program.parseAsync();
