/** `bondy store …`: how the replicated store is, whether its rows are whole, and its conversion to another engine. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { withConfigOptions, withNodeOptions } from './options.ts';

export function addStoreCommands(program: Command): void {
  const store = program
    .command('store')
    .description('look at the replicated store, mend or convert it');

  withNodeOptions(store.command('status'))
    .description('show partitions, rows and comparisons of a running node')
    .action(async (options) => {
      const { storeStatus } = await import('./commands/store.ts');
      process.exitCode = await storeStatus(options);
    });

  withNodeOptions(store.command('check'))
    .description('compare every row with its hash tree now, on a running node or a stopped one')
    .option('--offline', 'read the data directory itself; the node must not run')
    .option('--data-dir <folder>', 'the same, of this data directory instead of store.data_dir')
    .addHelpText(
      'after',
      `
The node works meanwhile. A row that is not what it was is not given to others any more and is healed by them, at once
with bondy store repair. Offline nothing is changed. Exit status: 0 all is well, 1 it is not or the check failed,
2 not understood.`,
    )
    .action(async (options) => {
      const { storeCheck } = await import('./commands/store-care.ts');
      process.exitCode = await storeCheck(options);
    });

  withNodeOptions(store.command('repair'))
    .description('check, then fetch what is damaged from every linked node, and rebuild hash trees')
    .addHelpText(
      'after',
      `
Only on a running node: a damaged row cannot be guessed, other nodes have it. Damaged database files need no repair: a
start puts them aside and fetches their rows. Exit status: 0 all is well now, 1 it is not, 2 not understood.`,
    )
    .action(async (options) => {
      const { storeRepair } = await import('./commands/store-care.ts');
      process.exitCode = await storeRepair(options);
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
}
