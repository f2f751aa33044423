/** What `bondy store check` and `bondy store repair` print: reports of a node, read with care. */
import type { Fields } from './answer.ts';
import { fieldsOf, listOf, numberOf, textOf } from './answer.ts';
import { columns } from './columns.ts';

/** Every row was read and is what it was. */
export function isWhole(check: Fields): boolean {
  const unchecked = check['unchecked'];
  return (
    typeof check['rows'] === 'number' &&
    numberOf(check['mismatches']) === numberOf(check['rewritten']) &&
    numberOf(check['unreadable']) === 0 &&
    !(Array.isArray(unchecked) && unchecked.length > 0)
  );
}

export function isWell(repair: Fields): boolean {
  const check = fieldsOf(repair['check']);
  return (
    typeof check['rows'] === 'number' &&
    numberOf(repair['damaged']) === 0 &&
    numberOf(check['unreadable']) === 0 &&
    !listOf(repair['trees']).some(({ tree }) => tree === 'failed')
  );
}

export function drawCheck(check: Fields): string {
  const count = (field: string): number => numberOf(check[field]);
  const unchecked = check['unchecked'];
  const lines = [
    `rows        ${count('rows')}`,
    `mismatches  ${count('mismatches')}${count('rewritten') > 0 ? `, ${count('rewritten')} written anew from memory` : ''}`,
    `unreadable  ${count('unreadable')} pages`,
    `quarantine  ${count('quarantined')} rows that were not taken in`,
  ];
  if (Array.isArray(unchecked) && unchecked.length > 0) {
    lines.push(`not checked ${unchecked.map(textOf).join(', ')} (partitions that were not there)`);
  }
  const rows = listOf(check['partitions']).map((each) =>
    ['partition', 'rows', 'mismatches', 'unreadable', 'quarantined'].map((field) =>
      numberOf(each[field]),
    ),
  );
  if (rows.length === 0) return lines.join('\n');
  const heading = ['PARTITION', 'ROWS', 'MISMATCHES', 'UNREADABLE', 'QUARANTINED'];
  return [...lines, '', ...columns([heading, ...rows])].join('\n');
}

export function drawRepair(repair: Fields): string {
  const exchanges = listOf(repair['exchanges']).map(({ peer, kind, sent, received, reason }) => [
    textOf(peer),
    textOf(kind),
    numberOf(sent),
    numberOf(received),
    textOf(reason),
  ]);
  const trees = listOf(repair['trees']).map(({ partition, tree }) => [
    numberOf(partition),
    textOf(tree),
  ]);
  return [
    drawCheck(fieldsOf(repair['check'])),
    '',
    ...(exchanges.length === 0
      ? ['No other node is linked: nothing could be fetched.']
      : columns([['COMPARED WITH', 'OUTCOME', 'SENT', 'RECEIVED', ''], ...exchanges])),
    ...(trees.length === 0 ? [] : ['', ...columns([['PARTITION', 'TREE'], ...trees])]),
    '',
    `still damaged  ${numberOf(repair['damaged'])} rows`,
  ].join('\n');
}
