/** Shows this node's supervision tree to other nodes, one at a time: a look walks over every actor. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { encodeBody } from '../../runtime/net/peer/codec.ts';
import type { InspectorMessage } from './tree-exchange.ts';
import { fittingTree, INSPECTOR } from './tree-exchange.ts';

/** More at once are refused: nobody looks from so many terminals. */
const MAX_WAITING = 16;

export function inspector(kernel: () => Kernel): Definition<InspectorMessage> {
  return {
    class: 'data',
    batch: 1,
    mailbox: { limit: MAX_WAITING, onFull: 'refuse' },
    init(context) {
      context.register(INSPECTOR);
      return {
        handle({ question, reply }) {
          const tree = fittingTree(
            (childLimit) => kernel().tree({ childLimit }),
            (plain) => encodeBody(plain).length,
            question,
          );
          reply.reply(tree ?? 'too_large');
        },
      };
    },
  };
}
