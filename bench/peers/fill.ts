import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {load} from '../../src/config/load.js';
import {graphOf} from '../../src/graph/graph.js';
import type {StepId} from '../../src/graph/step.js';
import {keyDoc, keyOf, type OutputDigests} from '../../src/plan/key.js';
import {sha256} from '../../src/base/canonical.js';
import {ProjectFiles} from '../../src/store/files.js';
import {ImageDigests} from '../../src/store/images.js';
import {attemptPaths, folderOf, runsAt} from '../../src/store/paths.js';
import type {ResultRecord} from '../../src/store/result.js';

/**
 * Results of all steps of a project as a run commits them, without the hours that 100 000 commands take. `only`: for the
 * steps whose id it likes.
 */
export function fill(folder: string, only: (id: StepId) => boolean = () => true): void {
  const {pipeline} = load({file: join(folder, 'pipeline.yaml'), profiles: [], sets: [], version: '0'});
  const graph = pipeline.ok ? graphOf(pipeline.value, {only: []}) : pipeline;
  if (!pipeline.ok || !graph.ok) throw new Error(`${folder} has no graph`);
  const runs = runsAt(join(folder, 'runs'));
  const files = new ProjectFiles(folder, new ImageDigests(runs.sandbox));
  const known = new Map<StepId, OutputDigests>();
  for (const step of graph.value.steps.values()) {
    const doc = keyDoc(step, files.digests(step), (id) => known.get(id)!);
    const key = keyOf(doc);
    const text = `${step.id}\n`;
    const outputs = {out: {digest: sha256(text), files: 1, bytes: text.length}};
    known.set(step.id, {out: outputs.out.digest});
    if (!only(step.id)) continue;
    const paths = attemptPaths(join(runs.results, folderOf(step, key)));
    mkdirSync(paths.out, {recursive: true});
    writeFileSync(join(paths.out, 'out'), text);
    const moment = '2026-01-01T00:00:00.000Z';
    const record: ResultRecord = {
      version: 1,
      step: step.id,
      pipeline: pipeline.value.name,
      key,
      doc,
      attempt: 1,
      outcome: {kind: 'exited', code: 0},
      outputs,
      started: moment,
      ended: moment,
      seconds: {total: 0, run: 0, queued: 0},
      memoryMb: null,
      host: 'bench',
      sandbox: 'none',
      executor: 'local',
    };
    writeFileSync(paths.result, `${JSON.stringify(record)}\n`);
  }
}
