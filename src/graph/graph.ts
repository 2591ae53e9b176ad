import {fail, ok, onePerPlace, type Issue, type Result} from '../base/issue.js';
import type {Pipeline} from '../config/pipeline.js';
import type {Stage} from '../config/stage.js';
import {describeAxes, expand, project, type Axes, type Cell} from '../matrix/cell.js';
import type {Pattern} from '../config/pipeline.js';
import {Specs} from './specs.js';
import {orderStages, upTo} from './stages.js';
import type {Step, StepId, StepNeed} from './step.js';

export type Graph = {
  readonly cells: readonly Cell[];
  readonly stages: readonly Stage[];
  /** Each step behind those that it needs. */
  readonly steps: ReadonlyMap<StepId, Step>;
  /** Of each cell, in the order of `cells`, the step of a stage by its name. */
  readonly stepsOfCells: ReadonlyMap<string, readonly StepId[]>;
};

/** One step for each spec: of thousands, most declare what others do. */
export function* oneOfEachSpec({steps}: Pick<Graph, 'steps'>): Generator<Step> {
  const seen = new Set<Step['spec']>();
  for (const step of steps.values()) {
    if (seen.has(step.spec)) continue;
    seen.add(step.spec);
    yield step;
  }
}

export type Selection = {
  readonly only: readonly Pattern[];
  /** The last stage that is wanted. */
  readonly until?: string;
};

export const stepId = (stage: string, at: Axes): StepId => {
  const axes = describeAxes(at);
  return (axes === '' ? stage : `${stage}:${axes}`) as StepId;
};

/** Expands a pipeline into its steps. Cells share the steps whose axes they agree on. */
export function graphOf(pipeline: Pipeline, selection: Selection): Result<Graph> {
  const cells = expand(pipeline.matrix, selection.only);
  if (!cells.ok) return cells;
  const ordered = orderStages(pipeline.stages);
  const stages = selection.until === undefined ? ordered : upTo(ordered, selection.until);

  const steps = new Map<StepId, Step>();
  const issues: Issue[] = [];
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const stepsOfCells = new Map<string, readonly StepId[]>();
  for (const stage of stages) {
    const {ids, groups} = group(cells.value, stage);
    stepsOfCells.set(stage.name, ids);
    const specs = new Specs(stage, pipeline);
    for (const [id, {at, members}] of groups) {
      const spec = specs.of(at);
      if (!spec.ok) {
        issues.push(...spec.issues);
        continue;
      }
      const needs = stage.needs.flatMap((need): StepNeed[] => {
        // An optional need of a stage that the pipeline leaves out.
        const upstream = byName.get(need.stage);
        if (!upstream) return [];
        const above = stepsOfCells.get(upstream.name)!;
        const steps = members.length === 1 ? [above[members[0]!]!] : [...new Set(members.map((cell) => above[cell]!))];
        return [{need, gathers: upstream.for.some((axis) => !stage.for.includes(axis)), steps}];
      });
      steps.set(id, {id, stage, at, needs, spec: spec.value});
    }
  }
  return issues.length > 0 ? fail(...onePerPlace(issues)) : ok({cells: cells.value, stages, steps, stepsOfCells});
}

/** `members`: positions of cells. */
type Group = {readonly at: Axes; readonly members: number[]};

/** The steps of a stage, and which of them is each cell's. */
function group(
  cells: readonly Cell[],
  stage: Stage,
): {readonly ids: readonly StepId[]; readonly groups: ReadonlyMap<StepId, Group>} {
  const groups = new Map<StepId, Group>();
  const ids = cells.map((cell, n) => {
    const at = project(cell.at, stage.for);
    const id = at === cell.at ? (`${stage.name}:${cell.id}` as StepId) : stepId(stage.name, at);
    const known = groups.get(id);
    if (known) known.members.push(n);
    else groups.set(id, {at, members: [n]});
    return id;
  });
  return {ids, groups};
}
