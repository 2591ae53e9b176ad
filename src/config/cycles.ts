import {alg, Graph} from '@dagrejs/graphlib';
import type {Issue} from '../base/issue.js';
import type {Stage} from './stage.js';

/** Edges run from a stage to those that need it; a need that names no stage has none. */
export function stageGraph(stages: readonly Stage[]): Graph {
  const graph = new Graph({directed: true});
  for (const {name} of stages) graph.setNode(name);
  for (const {name, needs} of stages) {
    for (const {stage} of needs) if (graph.hasNode(stage)) graph.setEdge(stage, name);
  }
  return graph;
}

/** Stages that can never start, since they need each other. */
export function checkCycles(stages: readonly Stage[]): Issue[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return alg.findCycles(stageGraph(stages)).map((members) => describeCycle(members, byName));
}

function describeCycle(members: readonly string[], byName: ReadonlyMap<string, Stage>): Issue {
  const path = walkCycle(members, byName);
  const lines = path.map((name, n) => {
    const next = path[(n + 1) % path.length]!;
    return {at: byName.get(name)!.needs.find(({stage}) => stage === next)!.at, message: `${name} needs ${next}`};
  });
  return {
    code: 'cycle',
    message:
      path.length === 1
        ? `stage "${path[0]!}" needs itself`
        : `these stages need each other: ${[...path, path[0]].join(' → ')}`,
    at: lines[0]!.at,
    hint: path.length === 1 ? 'remove this need' : 'remove one of these needs',
    see: lines.slice(1),
  };
}

/** A closed walk along `needs` inside one strongly connected component. */
function walkCycle(members: readonly string[], byName: ReadonlyMap<string, Stage>): string[] {
  const path: string[] = [];
  for (let name = [...members].sort()[0]!; ;) {
    path.push(name);
    name = byName.get(name)!.needs.find(({stage}) => members.includes(stage))!.stage;
    if (path.includes(name)) return path.slice(path.indexOf(name));
  }
}
