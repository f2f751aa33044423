/** `bondy cluster …`: how the cluster is, and who belongs to it. */
import type { Command } from 'commander';
import { WHO_ASKS, withNodeOptions } from './options.ts';

const NEEDS = `${WHO_ASKS}
Exit status: 0 done, 1 refused or failed, 2 not understood.`;

export function addClusterCommands(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('look at the cluster, or change who belongs');

  withNodeOptions(cluster.command('status'))
    .description('show members, links, broadcast and store as a node sees them')
    .addHelpText(
      'after',
      '\nExit status: 0 all is well, 1 a member is not or nobody answers, 2 not understood.',
    )
    .action(async (options) => {
      const { clusterStatus } = await import('./commands/cluster.ts');
      process.exitCode = await clusterStatus(options);
    });

  withNodeOptions(cluster.command('join'))
    .description('have a running node join the cluster that another node belongs to')
    .argument('<address>', 'host:port of any member, as in its cluster.peer_port')
    .addHelpText(
      'after',
      `
Done when the member's roster is known here; its other members are linked by themselves. Both nodes need the same
cluster.name and cluster.secret. The members are remembered in the data directory: a restart does not need a join.${NEEDS}`,
    )
    .action(async (address, options) => {
      const { clusterJoin } = await import('./commands/cluster.ts');
      process.exitCode = await clusterJoin(address, options);
    });

  withNodeOptions(cluster.command('leave'))
    .description('have a running node leave its cluster for good')
    .addHelpText(
      'after',
      `
Final for this start of the node: the others forget its registrations and subscriptions, no longer wait for it, and take
nothing from it. The process goes on and serves the sessions it has, alone; /ready answers 503, so that no new ones are
sent here. Stop it when they are gone. A later start is a new life, which joins whom its configuration names.${NEEDS}`,
    )
    .action(async (options) => {
      const { clusterLeave } = await import('./commands/cluster.ts');
      process.exitCode = await clusterLeave(options);
    });

  withNodeOptions(cluster.command('remove'))
    .description('remove a node that is dead and will not come back')
    .argument('<name>', 'the name of the node, as in bondy cluster status')
    .option('--force', 'also when it is up: it is told, and takes no part any more')
    .addHelpText(
      'after',
      `
Members keep dialling a dead node, and the store keeps what it deleted until that node has seen it; a removed one is
waited for no longer. Final for that start of the node: if it comes back, it comes back as a new one.${NEEDS}`,
    )
    .action(async (name, options) => {
      const { clusterRemove } = await import('./commands/cluster.ts');
      process.exitCode = await clusterRemove(name, options);
    });
}
