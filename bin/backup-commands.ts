/** `bondy backup …`: a copy of the store of a running node in one file, its check, and the way back. */
import type { Command } from 'commander';
import { withNodeOptions } from './options.ts';

export function addBackupCommands(program: Command): void {
  const backup = program.command('backup').description('back the store up, or restore it');

  withNodeOptions(backup.command('create'))
    .argument('[name]', 'of the file in backup.dir of the node (default: by the time)')
    .description('write all rows of the store to one file, while the node works')
    .action(async (name: string | undefined, options) => {
      const { backupCreate } = await import('./commands/backup.ts');
      process.exitCode = await backupCreate(name, options);
    });

  withNodeOptions(backup.command('verify'))
    .argument('<name>', 'of the file in backup.dir of the node')
    .description('read a backup from its first to its last byte, and change nothing')
    .action(async (name: string, options) => {
      const { backupVerify } = await import('./commands/backup.ts');
      process.exitCode = await backupVerify(name, options);
    });

  withNodeOptions(backup.command('restore'))
    .argument('<name>', 'of the file in backup.dir of the node')
    .description('give a backup back to a running node, empty or not')
    .option('--as-new', 'write its values over what is there, instead of merging by causality')
    .addHelpText(
      'after',
      `
Merging undoes nothing: what was written or deleted since the backup stays so. That is for a node or a cluster that lost
its disks; start it with an empty data directory and restore. --as-new makes the values of the backup the current ones, and
leaves what it does not have: for taking a mistake back, and for another cluster. Nothing is changed by a file that is
damaged. Exit status: 0 all rows were taken in, 1 not, 2 not understood.`,
    )
    .action(async (name: string, options) => {
      const { backupRestore } = await import('./commands/backup.ts');
      process.exitCode = await backupRestore(name, options);
    });

  withNodeOptions(backup.command('status'))
    .description('show whether a backup or a restore is running, and how the last one ended')
    .action(async (options) => {
      const { backupStatus } = await import('./commands/backup.ts');
      process.exitCode = await backupStatus(options);
    });
}
