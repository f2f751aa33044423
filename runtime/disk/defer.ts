/** When something happens, as a value: real time, or the virtual one of a simulation. */

/** 0: behind this turn of the event loop. */
export type Defer = (delayMs: number, run: () => void) => void;

export const realTime: Defer = (delayMs, run) => {
  if (delayMs <= 0) setImmediate(run);
  else setTimeout(run, delayMs);
};
