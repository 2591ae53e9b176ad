import {fail, ok, onePerPlace, type Issue, type Result} from '../base/issue.js';
import type {Pipeline} from '../config/pipeline.js';
import type {Stage} from '../config/stage.js';
import {describeAxes, expand, project, type Axes, type Cell} from '../matrix/cell.js';
import type {Pattern} from '../config/pipeline.js';
import {specOf} from './spec.js';
import {orderStages, upTo} from './stages.js';
import type {Step, StepId, StepNeed} from './step.js';

export type Graph = {
  readonly cells: readonly Cell[];
  readonly stages: readonly Stage[];
  /** Each step behind those that it needs. */
  readonly steps: ReadonlyMap<StepId, Step>;
};

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
  for (const stage of stages) {
    for (const [id, {at, members}] of groups(cells.value, stage)) {
      const spec = specOf(stage, scopeOf(pipeline, at), pipeline);
      if (!spec.ok) {
        issues.push(...spec.issues);
        continue;
      }
      const needs = stage.needs.flatMap((need): StepNeed[] => {
        // An optional need of a stage that the pipeline leaves out.
        const upstream = byName.get(need.stage);
        if (!upstream) return [];
        const ids = new Set(members.map((cell) => stepId(upstream.name, project(cell.at, upstream.for))));
        return [{need, gathers: upstream.for.some((axis) => !stage.for.includes(axis)), steps: [...ids]}];
      });
      steps.set(id, {id, stage, at, needs, spec: spec.value});
    }
  }
  return issues.length > 0 ? fail(...onePerPlace(issues)) : ok({cells: cells.value, stages, steps});
}

type Group = {readonly at: Axes; readonly members: Cell[]};

function groups(cells: readonly Cell[], stage: Stage): Map<StepId, Group> {
  const found = new Map<StepId, Group>();
  for (const cell of cells) {
    const at = project(cell.at, stage.for);
    const id = stepId(stage.name, at);
    const group = found.get(id);
    if (group) group.members.push(cell);
    else found.set(id, {at, members: [cell]});
  }
  return found;
}

const scopeOf = (pipeline: Pipeline, at: Axes): Parameters<typeof specOf>[1] => ({
  axes: new Map(
    Object.entries(at).map(([axis, value]) => [
      axis,
      {value, fields: pipeline.catalog.get(axis)?.get(value) ?? {use: value}},
    ]),
  ),
  settings: pipeline.settings,
  pins: pipeline.pins,
  allAxes: [...pipeline.matrix.axes.keys()],
});
