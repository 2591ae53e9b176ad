import {onePerPlace, type Issue} from '../base/issue.js';
import {quoted} from '../base/quoted.js';
import {closeTo} from '../base/suggest.js';
import type {Pipeline} from '../config/pipeline.js';
import {oneOfEachSpec, type Graph} from './graph.js';

/** Limits that a step uses and the pipeline does not name are unlimited; one that is nearly named is likely meant. */
export function likelyTypos(limits: Pipeline['limits'], graph: Graph): Issue[] {
  const known = [...limits.keys()];
  return onePerPlace(
    [...oneOfEachSpec(graph)].flatMap(({stage, spec}) =>
      spec.uses.flatMap(({limit, at}): Issue[] => {
        const meant = limits.has(limit) ? undefined : closeTo(limit, known);
        if (meant === undefined) return [];
        const message = `stage "${stage.name}" uses ${quoted(limit)}, which "limits" does not name: it is unlimited`;
        return [{code: 'unknown-value', message, at, hint: `did you mean "${meant}"?`}];
      }),
    ),
  );
}
