/**
 * The owner of one link: gives it time, opens its connections when this node has dialled, and ends with it. When the
 * actor ends first, for whatever reason, its sockets close and services hear `link_down`.
 */
import type { Context, Definition, Handlers, Port } from '../../runtime/kernel/actor.ts';
import type { DialOutcome, Gate } from '../../runtime/net/peer/gate.ts';
import type { Vacancy } from '../../runtime/net/peer/link.ts';
import type { LinkOwnership } from './api.ts';
import { BackOff } from './back-off.ts';
import type { LinksConfig } from './config.ts';

type Message =
  | { readonly kind: 'tick' }
  | { readonly kind: 'dialled'; readonly key: string; readonly outcome: DialOutcome }
  | { readonly kind: 'ended'; readonly reason: string };

export interface LinkActorParts {
  readonly config: LinksConfig;
  readonly gate: Gate;
}

interface Opening {
  readonly backOff: BackOff;
  dueAt: number;
  dial: Port | undefined;
}

/** Ticks per ping interval. */
const TICKS = 4;
/** A lost connection of a living link is not waited for as long as a lost node. */
const MAX_WAIT_MS = 1_000;

export function linkOwner(
  parts: LinkActorParts,
  { link, address }: LinkOwnership,
): Definition<Message> {
  const { config, gate } = parts;
  return {
    class: 'system',
    init: (context) => {
      const openings = new Map<string, Opening>();
      context.own({
        close: () => {
          for (const { dial } of openings.values()) dial?.close();
          link.close('failed', 'its owner has ended');
        },
      });
      link.onEnd((reason) => context.self.cast({ kind: 'ended', reason }));

      const tick = (): void => {
        link.tick();
        if (address !== undefined && link.isDialler) link.vacancies().forEach(fill);
        context.after(config.pingIntervalMs / TICKS, { kind: 'tick' });
      };
      const fill = (vacancy: Vacancy): void => {
        const key = `${vacancy.channel}.${vacancy.slot}`;
        const opening = openings.get(key) ?? newOpening(config);
        openings.set(key, opening);
        if (opening.dial !== undefined || context.clock.now() < opening.dueAt) return;
        const purpose = { ...vacancy, session: link.session };
        opening.dial = gate.dial(address!, purpose, link.peer.name, (outcome) =>
          context.self.cast({ kind: 'dialled', key, outcome }),
        );
      };
      const onShutdown = (): void => {
        link.close('shutting_down', 'the node stops');
        context.exit();
      };
      tick();
      return { ...handlers(context, openings, tick), onShutdown };
    },
  };
}

function handlers(
  context: Context<Message>,
  openings: Map<string, Opening>,
  tick: () => void,
): Handlers<Message> {
  return {
    handle(message) {
      switch (message.kind) {
        case 'tick':
          return tick();
        case 'dialled': {
          const opening = openings.get(message.key)!;
          opening.dial = undefined;
          if (message.outcome.kind === 'attached') return opening.backOff.reset();
          opening.dueAt = context.clock.now() + opening.backOff.next(context.random);
          return;
        }
        case 'ended':
          return context.exit({ kind: 'shutdown', detail: message.reason });
        default:
          return never(message);
      }
    },
  };
}

function newOpening({ redialMinMs }: LinksConfig): Opening {
  return { backOff: new BackOff(redialMinMs, MAX_WAIT_MS), dueAt: 0, dial: undefined };
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
