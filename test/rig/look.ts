import type {Ended, JsonEvent} from './ptb.js';

const none = {cached: 0, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};

/** The counts of a run with these of them above zero. */
export const counts = (some: Partial<typeof none>): typeof none => ({...none, ...some});

export const countsOf = ({events}: Ended): unknown => events.at(-1)?.counts;

/** Ids of the steps that a run submitted, in its order. */
export const startedBy = ({events}: Ended): unknown[] =>
  events.filter(({event}) => event === 'submitted').map(({step}) => step);

export const eventsOf = ({events}: Ended, kind: string, step?: string): JsonEvent[] =>
  events.filter((one) => one.event === kind && (step === undefined || one.step === step));

/** Why a run submitted a step. */
export const becauseOf = (run: Ended, step: string): unknown => eventsOf(run, 'submitted', step)[0]?.because;

/** The failures of a step, in order. */
export const failuresOf = (run: Ended, step: string): {readonly class: string; readonly because: string}[] =>
  eventsOf(run, 'failed', step).map(({failure}) => failure as {class: string; because: string});
