import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import type {KeyDoc, OutputDigests, StepKey} from '../plan/key.js';
import type {Reason} from '../plan/reason.js';
import type {Attempt} from './attempt.js';
import type {Counts} from './event.js';
import {Queue} from './queue.js';
import type {Failure} from './settle.js';

/** A step that runs as soon as the executor has room. */
export type Queued = {
  readonly step: Step;
  readonly key: StepKey;
  readonly doc: KeyDoc;
  readonly because: Reason;
  /** Failed attempts in this run. */
  readonly failures: number;
  /** Milliseconds of `performance.now()` before which it may not start: the backoff of a retry. */
  readonly notBefore?: number;
  /** Composed already, but the executor had no room. */
  readonly attempt?: Attempt;
};

export type Running = Queued & {readonly attempt: Attempt};

export type State =
  | {readonly kind: 'waiting'}
  | {readonly kind: 'queued'; readonly item: Queued}
  | {readonly kind: 'running'; readonly item: Running}
  | {
      readonly kind: 'done';
      readonly outputs: OutputDigests;
      readonly dir: string;
      readonly seconds: number;
      readonly sandbox: string;
      readonly how: 'cached' | 'ran';
    }
  | {readonly kind: 'failed'; readonly failure: Failure}
  /** Kept from starting, with the reason. */
  | {readonly kind: 'held'; readonly because: string}
  | {readonly kind: 'blocked'; readonly by: StepId};

export type Done = Extract<State, {kind: 'done'}>;

/** Where each step of a run stands. What a change costs does not depend on how many steps there are. */
export class Board {
  readonly #states = new Map<StepId, State>();
  readonly queue: Queue<Queued>;
  readonly #running = new Map<StepId, Running>();
  readonly #downstream = new Map<StepId, StepId[]>();
  readonly #counts = {cached: 0, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};
  #fresh: StepId[];

  constructor(
    readonly graph: Graph,
    expected: (step: Step) => number,
  ) {
    this.#fresh = [...graph.steps.keys()];
    this.queue = new Queue(graph, expected);
    for (const step of graph.steps.values()) {
      this.#states.set(step.id, {kind: 'waiting'});
      this.#counts.waiting++;
      for (const {steps} of step.needs) {
        for (const id of steps) {
          const list = this.#downstream.get(id);
          if (list) list.push(step.id);
          else this.#downstream.set(id, [step.id]);
        }
      }
    }
  }

  get(id: StepId): State {
    return this.#states.get(id)!;
  }

  set(id: StepId, state: State): void {
    this.#counts[column(this.get(id))]--;
    this.#counts[column(state)]++;
    this.#states.set(id, state);
    this.queue.remove(id);
    this.#running.delete(id);
    if (state.kind === 'queued') this.queue.add(state.item);
    if (state.kind === 'running') this.#running.set(id, state.item);
    if (isSettled(state)) this.#fresh.push(...(this.#downstream.get(id) ?? []));
  }

  get running(): Running[] {
    return [...this.#running.values()];
  }

  get counts(): Counts {
    return {...this.#counts};
  }

  /** Waiting steps to look at, because something that they need has settled since the last call. */
  takeFresh(): StepId[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return [...new Set(fresh)].filter((id) => this.get(id).kind === 'waiting');
  }

  hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** Looks at a step again although nothing that it needs has changed. */
  refresh(id: StepId): void {
    this.#fresh.push(id);
  }
}

export const isSettled = ({kind}: State): boolean => kind === 'done' || isBroken({kind});

/** Settled, but without outputs. */
export const isBroken = ({kind}: Pick<State, 'kind'>): boolean =>
  kind === 'failed' || kind === 'held' || kind === 'blocked';

function column(state: State): keyof Counts {
  switch (state.kind) {
    case 'done':
      return state.how === 'cached' ? 'cached' : 'done';
    case 'queued':
      return 'waiting';
    case 'held':
      return 'blocked';
    default:
      return state.kind;
  }
}
