import type {Graph} from '../../src/graph/graph.js';
import type {Step, StepId} from '../../src/graph/step.js';
import {Queue} from '../../src/run/queue.js';
import {rows, type Fate} from './world.js';

/** Seconds of what is not published. */
export type Assumed = {
  readonly evaluation: number;
  readonly judge: number;
  /** Evaluations of a model that breaks them: nine by one script, three by ptb's ladder of shorter answers. */
  readonly evaluations: {readonly script: number; readonly ptb: number};
  /** Share of the agents' runs whose machine is lost half-way. */
  readonly lost: number;
};

export type Cell = {
  readonly agent: number;
  readonly model: number;
  readonly benchmark: number;
  readonly agentSeconds: number;
  readonly fate: Fate;
  readonly isLost: boolean;
};

export type Outcome = {readonly gpuHours: number; readonly makespan: number; readonly firstRow: number};

/** What a machine with `gpus` GPUs does with jobs that begin as soon as there is one free, in this order. */
function inOrder(jobs: readonly number[], gpus: number): {readonly ends: number[]} {
  const free = Array<number>(gpus).fill(0);
  const ends = jobs.map((seconds) => {
    const first = free.indexOf(Math.min(...free));
    return (free[first] = free[first]! + seconds);
  });
  return {ends};
}

/**
 * One script per cell holds the GPU through the agent, the judge and the evaluations. A cell whose machine was lost is
 * submitted again by hand when the queue has run empty.
 */
export function script(cells: readonly Cell[], gpus: number, assumed: Assumed): Outcome {
  const seconds = ({agentSeconds, fate}: Cell): number =>
    agentSeconds +
    assumed.judge +
    (fate === 'n' ? 0 : assumed.evaluation * (fate === 'e' ? assumed.evaluations.script : 1));
  const again = cells.filter(({isLost}) => isLost);
  const first = cells.map((cell) => (cell.isLost ? cell.agentSeconds / 2 : seconds(cell)));
  const round = inOrder(first, gpus);
  const empty = Math.max(...round.ends);
  const second = inOrder(again.map(seconds), gpus);
  const ends = new Map(cells.map((cell, n) => [cell, round.ends[n]!]));
  again.forEach((cell, n) => ends.set(cell, empty + second.ends[n]!));
  const held = [...first, ...again.map(seconds)].reduce((sum, one) => sum + one, 0);
  return summary(cells, (cell) => ends.get(cell)!, held);
}

/** What ptb does: steps hold what they use, and its own queue says which is next. */
export function ptb(
  cells: readonly Cell[],
  graph: Graph,
  gpus: number,
  assumed: Assumed,
  expected: (step: Step) => number,
): Outcome {
  const cellOf = new Map(cells.map((cell) => [`a${cell.agent}/m${cell.model}/b${cell.benchmark}`, cell]));
  const of = ({at}: Step): Cell => cellOf.get(`${at.agent}/${at.model}/${at.benchmark}`)!;
  const queue = new Queue<{readonly step: Step}>(graph, expected);
  const below = new Map<StepId, Step[]>();
  for (const step of graph.steps.values()) {
    if (step.needs.length === 0) queue.add({step});
    for (const up of step.needs.flatMap(({steps}) => steps)) below.set(up, [...(below.get(up) ?? []), step]);
  }
  const seconds = (step: Step, attempt: number): number => {
    const {agentSeconds, fate, isLost} = of(step);
    if (step.stage.name === 'judge') return assumed.judge;
    if (step.stage.name === 'evaluate')
      return fate === 'n' ? 0 : assumed.evaluation * (fate === 'e' ? assumed.evaluations.ptb : 1);
    return isLost && attempt === 0 ? agentSeconds / 2 : agentSeconds;
  };
  const running: {readonly step: Step; readonly end: number}[] = [];
  const attempts = new Map<StepId, number>();
  const ends = new Map<Cell, number>();
  let now = 0;
  let free = gpus;
  let held = 0;
  for (;;) {
    const offer = queue.offer();
    for (let next = offer.next(); next !== undefined; next = offer.next()) {
      const {step} = next;
      const {resources} = step.spec;
      if (resources.gpus > free) {
        offer.full(resources);
        continue;
      }
      queue.remove(step.id);
      free -= resources.gpus;
      const attempt = attempts.get(step.id) ?? 0;
      attempts.set(step.id, attempt + 1);
      held += seconds(step, attempt) * resources.gpus;
      running.push({step, end: now + seconds(step, attempt)});
    }
    running.sort((a, b) => b.end - a.end);
    const ended = running.pop();
    if (!ended) break;
    const {step, end} = ended;
    now = end;
    free += step.spec.resources.gpus;
    if (step.stage.name === 'post-train' && of(step).isLost && attempts.get(step.id) === 1) {
      queue.add({step});
      continue;
    }
    for (const down of below.get(step.id) ?? []) queue.add({step: down});
    ends.set(of(step), Math.max(ends.get(of(step)) ?? 0, end));
  }
  return summary(cells, (cell) => ends.get(cell)!, held);
}

function summary(cells: readonly Cell[], end: (cell: Cell) => number, held: number): Outcome {
  const whole = rows.map((_, agent) => Math.max(...cells.filter((cell) => cell.agent === agent).map(end)));
  return {gpuHours: held / 3600, makespan: Math.max(...whole) / 3600, firstRow: Math.min(...whole) / 3600};
}
