/** What `bondy store status` prints: the answer of `GET /store`, read with care and put in columns. */
import { fieldsOf, numberOf, parseFields, textOf } from './answer.ts';
import { columns } from './columns.ts';

interface ShownStore {
  readonly engine: string;
  readonly why: readonly string[];
  readonly partitions: readonly {
    readonly partition: number;
    readonly status: string;
    readonly rows: number;
    readonly damaged: number;
  }[];
  readonly exchanges: readonly {
    readonly peer: string;
    readonly outcome: string;
    readonly secondsAgo: number;
    readonly sent: number;
    readonly received: number;
    readonly reason: string;
  }[];
}

/** Undefined: not the answer of a node. */
export function readStore(text: string): ShownStore | undefined {
  const { engine, health, partitions, exchanges } = parseFields(text);
  const { why } = fieldsOf(health);
  if (typeof engine !== 'string') return undefined;
  if (!Array.isArray(why) || !Array.isArray(partitions) || !Array.isArray(exchanges)) {
    return undefined;
  }
  return {
    engine: textOf(engine),
    why: why.map(textOf),
    partitions: partitions.map(fieldsOf).map((each) => ({
      partition: numberOf(each['partition']),
      status: textOf(each['status']),
      rows: numberOf(each['rows']),
      damaged: numberOf(each['damaged']),
    })),
    exchanges: exchanges.map(fieldsOf).map((each) => ({
      peer: textOf(each['peer']),
      outcome: textOf(each['outcome']),
      secondsAgo: numberOf(each['secondsAgo']),
      sent: numberOf(each['sent']),
      received: numberOf(each['received']),
      reason: textOf(each['reason'] ?? ''),
    })),
  };
}

export function drawStore({ engine, why, partitions, exchanges }: ShownStore): string {
  const rows = partitions.reduce((sum, each) => sum + each.rows, 0);
  return [
    `engine      ${engine}`,
    `partitions  ${partitions.length}`,
    `rows        ${rows}`,
    `health      ${why.length === 0 ? 'well' : why.join('\n            ')}`,
    '',
    ...columns([
      ['PARTITION', 'STATUS', 'ROWS', 'DAMAGED'],
      ...partitions.map((each) => [each.partition, each.status, each.rows, each.damaged]),
    ]),
    '',
    ...(exchanges.length === 0 ? ['Not compared with another node yet.'] : compared(exchanges)),
  ].join('\n');
}

function compared(exchanges: ShownStore['exchanges']): readonly string[] {
  return columns([
    ['COMPARED WITH', 'AGO', 'OUTCOME', 'SENT', 'RECEIVED', ''],
    ...exchanges.map(({ peer, secondsAgo, outcome, sent, received, reason }) => [
      ...[peer, `${secondsAgo}s`, outcome, sent, received],
      reason,
    ]),
  ]);
}
