/** A tree on its way to another node: it fits, it comes back as it was, and what is no tree is not taken for one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  fittingTree,
  INSPECTOR_EXPORT,
  MAX_DEPTH,
  MAX_TREE_BYTES,
  plainQuestion,
  readTree,
} from '../../../actors/admin/tree-exchange.ts';
import type { TreeNode } from '../../../runtime/kernel/kernel.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { node } from './stage.ts';

const FROM = { name: 'a', incarnation: 1 };
const sizeOf = (plain: PlainValue): number => encodeBody(plain).length;

function sent(value: PlainValue): PlainValue {
  const body = decodeBody(encodeBody(value));
  assert(!(body instanceof Malformed));
  return body;
}

function withSessions(count: number): (childLimit: number) => TreeNode {
  const sessions = Array.from({ length: count }, (_, i) => node(`root/sessions/${i}`));
  return (childLimit) =>
    node('root', {
      children: [
        node('root/sessions', {
          strategy: 'simple_one_for_one',
          childCount: count,
          children: sessions.slice(0, childLimit),
        }),
      ],
    });
}

describe('a tree for another node', () => {
  test('comes back as it was', () => {
    const treeOf = withSessions(20);
    const plain = fittingTree(treeOf, sizeOf, { depth: 9, childLimit: 20 });
    assert.deepEqual(readTree(sent(plain!)), treeOf(20));
  });

  test('shows fewer children when it would be larger than a mebibyte, and says how many there are', () => {
    const plain = fittingTree(withSessions(20_000), sizeOf, { depth: 9, childLimit: 10_000 });
    assert(sizeOf(plain!) <= MAX_TREE_BYTES);
    const [sessions] = readTree(sent(plain!))!.children;
    assert.equal(sessions!.childCount, 20_000);
    assert(sessions!.children.length > 1_000 && sessions!.children.length < 10_000);
  });

  test('that does not fit without them either is none', () => {
    const wide = node('root', {
      children: Array.from({ length: 10_000 }, (_, i) => node(`root/realm ${i}`)),
    });
    const question = { depth: 9, childLimit: 100 };
    assert.equal(
      fittingTree(() => wide, sizeOf, question),
      undefined,
    );
    assert.equal(
      readTree(sent(fittingTree(() => wide, sizeOf, { ...question, depth: 1 })!))?.childCount,
      10_000,
    );
  });

  test('is cut at the levels that were asked for', () => {
    const plain = fittingTree(withSessions(20), sizeOf, { depth: 2, childLimit: 20 });
    const [sessions] = readTree(sent(plain!))!.children;
    assert.deepEqual([sessions!.children, sessions!.childCount], [[], 20]);
  });
});

describe('what a peer says', () => {
  test('is no tree unless every line is one', () => {
    const whole = sent(fittingTree(withSessions(2), sizeOf, { depth: 9, childLimit: 2 })!);
    const root = whole as { readonly [key: string]: PlainValue };
    const broken: readonly PlainValue[] = [
      null,
      'too_large',
      [],
      {},
      { ...root, id: 1 },
      { ...root, state: 'dancing' },
      { ...root, kind: '<script>' },
      { ...root, mailbox: -1 },
      { ...root, handled: 'many' },
      { ...root, uptimeMs: NaN },
      { ...root, children: null },
      { ...root, children: [null] },
      { ...root, children: [{ ...root, childCount: 2 ** 60 }] },
    ];
    for (const value of broken) assert.equal(readTree(value), undefined, JSON.stringify(value));
  });

  test('is not followed into depths that no tree has', () => {
    let deep: TreeNode = node('leaf');
    for (let i = 0; i < MAX_DEPTH; i++) deep = node('level', { children: [deep] });
    assert.equal(readTree(deep as unknown as PlainValue), undefined);
  });

  test('is judged without a throw, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const tree = readTree(value as PlainValue);
        assert(tree === undefined || typeof tree.id === 'string');
      }),
    );
  });

  test('is a question only with two numbers in it, and never asks for too much', () => {
    const call = INSPECTOR_EXPORT.call!;
    for (const body of [
      null,
      1,
      {},
      { depth: 1 },
      { depth: 'x', childLimit: 1 },
      { depth: -1, childLimit: 1 },
    ]) {
      assert.equal(call(body, FROM), undefined);
    }
    const request = call(plainQuestion({ depth: 1e9, childLimit: 1e9 }), FROM)!;
    const message = request({ reply: () => {} }) as unknown as { readonly question: unknown };
    assert.deepEqual(message.question, { depth: MAX_DEPTH, childLimit: 2_000 });
  });
});
