import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import type { TreeNode } from '../../runtime/kernel/kernel.ts';
import { startTestNode } from '../support/start.ts';

it('the tree in ARCHITECTURE.md is the one that runs', async (t) => {
  const node = await startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
  });
  t.after(() => node.stop());
  const documented = /<!-- tree -->\n```\n([^]*?)```/.exec(readFileSync('ARCHITECTURE.md', 'utf8'));
  assert.equal(documented?.[1], `${draw(node.kernel.tree(), '', '').join('\n')}\n`);
});

function draw(node: TreeNode, first: string, rest: string): string[] {
  const kind = node.strategy ?? '';
  const line = `${first}${node.id}`.padEnd(36) + kind;
  const children = withoutRepeats(node.children);
  return [
    line.trimEnd(),
    ...children.flatMap((child, i) =>
      i === children.length - 1
        ? draw(child, `${rest}└─ `, `${rest}   `)
        : draw(child, `${rest}├─ `, `${rest}│  `),
    ),
  ];
}

/** Of numbered siblings, which are all the same, the first is shown. */
function withoutRepeats(children: readonly TreeNode[]): readonly TreeNode[] {
  const [first] = children;
  if (first?.id !== '0' || children.length < 2) return children;
  return [
    first,
    { ...first, id: `… ${children.length - 1} more`, strategy: undefined, children: [] },
  ];
}
