import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {stringify} from 'yaml';
import {load} from '../../src/config/load.js';
import {graphOf, type Graph} from '../../src/graph/graph.js';
import {V1} from '../../src/score/published/v1.js';

/** What a cell came to: `.` measured, `n` no model, `e` an evaluation that failed, `f` flagged. */
export type Fate = '.' | 'n' | 'e' | 'f';

export type Row = {readonly agent: string; readonly seconds: number; readonly fates: readonly string[]};

/** The published single-run rows: mean wall time of the agent, and what each cell came to. */
export const rows: readonly Row[] = V1.rows.flatMap(({name, kind, seconds, substitutes}) =>
  kind === 'agent' && seconds !== null && substitutes !== undefined ? [{agent: name, seconds, fates: substitutes}] : [],
);

export const models = V1.models;
export const benchmarks = V1.benchmarks;

/** Steps as the pipeline has them: the agent's, the judge's without a GPU, the evaluation's. */
export function steps(): Graph {
  const root = mkdtempSync(join(tmpdir(), 'simulate-'));
  const axes = ['agent', 'model', 'benchmark'];
  const stage = (needs: readonly string[], gpus: number, time: string): string =>
    stringify({for: axes, needs, run: ['true'], resources: {gpus, cpus: 1, time}, outputs: {o: 'o'}});
  const files = {
    'pipeline.yaml': stringify({
      name: 'simulate',
      matrix: {
        agent: rows.map((_, n) => `a${n}`),
        model: models.map((_, n) => `m${n}`),
        benchmark: benchmarks.map((_, n) => `b${n}`),
      },
    }),
    'stages/post-train/stage.yaml': stage([], 1, '10h'),
    'stages/judge/stage.yaml': stage(['post-train'], 0, '4h'),
    'stages/evaluate/stage.yaml': stage(['post-train'], 1, '4h'),
  };
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), {recursive: true});
      writeFileSync(join(root, path), text);
    }
    const {pipeline} = load({file: join(root, 'pipeline.yaml'), profiles: [], sets: [], version: '0'});
    const graph = pipeline.ok ? graphOf(pipeline.value, {only: []}) : pipeline;
    if (!graph.ok) throw new Error(graph.issues.map(({message}) => message).join('\n'));
    return graph.value;
  } finally {
    rmSync(root, {recursive: true});
  }
}
