/** `bondy audit …`: is the audit log what the node wrote? */
import type { Command } from 'commander';
import { withConfigOptions } from './options.ts';

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('look after the audit log');
  withConfigOptions(audit.command('verify'))
    .argument('[file]', 'the log (default: security.audit.file)')
    .description('check every line, of files put aside too, against the one before it')
    .option('--key-file <file>', 'the secret its hashes were made with (default: as configured)')
    .option('--expect <hash>', 'a hash that must be in it, from the log of the node: shows a cut')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The node may run meanwhile. Exit status: 0 nothing was changed, 1 something was or the log cannot be read,
2 not understood.`,
    )
    .action(async (file: string | undefined, options) => {
      const { auditVerify } = await import('./commands/audit.ts');
      process.exitCode = await auditVerify(file, options);
    });
}
