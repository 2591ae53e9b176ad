import type {Graph} from '../graph/graph.js';
import type {Resources} from '../graph/spec.js';
import type {Step, StepId} from '../graph/step.js';
import {asksAsMuch, compareUrgency, type Urgency} from './schedule.js';

/** Steps that are as urgent as each other but for their position, and ask for the same. */
type Lane<T> = {
  readonly urgency: Omit<Urgency, 'position'>;
  readonly resources: Resources;
  /** By position. */
  readonly items: {readonly position: number; readonly item: T}[];
};

/**
 * The steps that wait for room. Most ask for the same as thousands of others, so what an offer of room costs depends on how
 * many kinds of them there are, not on how many steps.
 */
export class Queue<T extends {readonly step: Step}> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #laneOf = new Map<StepId, Lane<T>>();
  readonly #positions: ReadonlyMap<StepId, number>;
  readonly #depths: ReadonlyMap<string, number>;

  constructor(
    {steps, stages}: Pick<Graph, 'steps' | 'stages'>,
    /** How many seconds a step is expected to take. */
    private readonly expected: (step: Step) => number,
  ) {
    this.#positions = new Map([...steps.keys()].map((id, position) => [id, position]));
    this.#depths = new Map(stages.map(({name}, depth) => [name, depth]));
  }

  get size(): number {
    return this.#laneOf.size;
  }

  add(item: T): void {
    const {step} = item;
    const {resources} = step.spec;
    const urgency = {depth: this.#depths.get(step.stage.name)!, seconds: this.expected(step)};
    const kind = JSON.stringify([urgency, resources]);
    let lane = this.#lanes.get(kind);
    if (lane === undefined) {
      lane = {urgency, resources, items: []};
      this.#lanes.set(kind, lane);
    }
    const position = this.#positions.get(step.id)!;
    lane.items.splice(firstFrom(lane, position), 0, {position, item});
    this.#laneOf.set(step.id, lane);
  }

  remove(id: StepId): void {
    const lane = this.#laneOf.get(id);
    if (!lane) return;
    lane.items.splice(firstFrom(lane, this.#positions.get(id)!), 1);
    this.#laneOf.delete(id);
  }

  /** Offers room to the steps in turn, most urgent first. */
  offer(): Offer<T> {
    return new Offer([...this.#lanes.values()].filter(({items}) => items.length > 0));
  }
}

/** How far a round has come in a lane. */
type Cursor<T> = {readonly lane: Lane<T>; after: number};

/** One round through a queue, which may change meanwhile. */
export class Offer<T> {
  readonly #open: Cursor<T>[];

  constructor(lanes: readonly Lane<T>[]) {
    this.#open = lanes.map((lane) => ({lane, after: -1}));
  }

  /** The most urgent step that was not offered yet. */
  next(): T | undefined {
    let first: {readonly cursor: Cursor<T>; readonly urgency: Urgency; readonly item: T} | undefined;
    for (const cursor of this.#open) {
      const {lane, after} = cursor;
      const found = lane.items[firstFrom(lane, after + 1)];
      if (!found) continue;
      const {position, item} = found;
      const urgency = {...lane.urgency, position};
      if (first === undefined || compareUrgency(urgency, first.urgency) < 0) first = {cursor, urgency, item};
    }
    if (first === undefined) return undefined;
    first.cursor.after = first.urgency.position;
    return first.item;
  }

  /** There is no room for a step that asks for this, nor for one that asks for more. */
  full(resources: Resources): void {
    const left = this.#open.filter(({lane}) => !asksAsMuch(lane.resources, resources));
    this.#open.splice(0, this.#open.length, ...left);
  }
}

/** Index of the first item at or behind a position. */
function firstFrom({items}: Lane<unknown>, position: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
