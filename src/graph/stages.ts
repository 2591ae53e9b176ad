import {alg} from '@dagrejs/graphlib';
import {stageGraph} from '../config/cycles.js';
import type {Stage} from '../config/stage.js';

/** The stages with each behind those it needs. */
export function orderStages(stages: readonly Stage[]): Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return alg.topsort(stageGraph(stages)).map((name) => byName.get(name)!);
}

/** `stage` and everything that it needs, directly or not. */
export function upTo(stages: readonly Stage[], name: string): Stage[] {
  const graph = stageGraph(stages);
  const wanted = new Set([name]);
  for (const stage of alg.topsort(graph).reverse()) {
    if (wanted.has(stage)) for (const upstream of graph.predecessors(stage) ?? []) wanted.add(upstream);
  }
  return stages.filter((stage) => wanted.has(stage.name));
}
