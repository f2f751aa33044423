/** Every scenario the simulator plays, by its number in the proof. */
import type { Scenario } from '../scenario.ts';
import { broadcastCrash, efficiency } from './broadcast.ts';
import { finalLeave, idleCost, joinStorm, longSplit } from './membership.ts';
import { mixedRun } from './mixed-run.ts';
import { overlayCrash, overlayShape } from './overlay.ts';
import { deleteAgainstUpdate, tombstones } from './store.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...[overlayShape, joinStorm, overlayCrash, broadcastCrash, efficiency, longSplit, idleCost],
  ...[deleteAgainstUpdate, tombstones, finalLeave, mixedRun],
];
