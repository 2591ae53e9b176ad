import {alg, Graph} from '@dagrejs/graphlib';
import {fail, ok, type Issue, type Result} from '../base/issue.js';
import type {Stage} from '../config/stage.js';

/** The stages with each behind those it needs, or the cycle that makes that impossible. */
export function orderStages(stages: readonly Stage[]): Result<Stage[]> {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const graph = stageGraph(stages);
  const cycles = alg.findCycles(graph);
  if (cycles.length > 0) return fail(...cycles.map((cycle) => describeCycle(cycle, byName)));
  return ok(alg.topsort(graph).map((name) => byName.get(name)!));
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

function stageGraph(stages: readonly Stage[]): Graph {
  const graph = new Graph({directed: true});
  for (const {name} of stages) graph.setNode(name);
  for (const {name, needs} of stages) for (const {stage} of needs) graph.setEdge(stage, name);
  return graph;
}

function describeCycle(members: readonly string[], byName: ReadonlyMap<string, Stage>): Issue {
  const path = walkCycle(members, byName);
  const lines = path.map((name, n) => {
    const next = path[(n + 1) % path.length]!;
    return {at: byName.get(name)!.needs.find(({stage}) => stage === next)!.at, message: `${name} needs ${next}`};
  });
  return {
    code: 'cycle',
    message: `these stages need each other: ${[...path, path[0]].join(' → ')}`,
    at: lines[0]!.at,
    hint: 'remove one of these needs',
    see: lines.slice(1),
  };
}

/** A closed walk along `needs` inside one strongly connected component. */
function walkCycle(members: readonly string[], byName: ReadonlyMap<string, Stage>): string[] {
  const path: string[] = [];
  for (let name = [...members].sort()[0]!; !path.includes(name);) {
    path.push(name);
    name = byName.get(name)!.needs.find(({stage}) => members.includes(stage))!.stage;
    if (path.includes(name)) return path.slice(path.indexOf(name));
  }
  return path;
}
