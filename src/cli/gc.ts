import {relative} from 'node:path';
import {describeBytes, seconds} from '../base/quantity.js';
import {quoted} from '../base/quoted.js';
import {isObject, member} from '../base/json.js';
import {docOf} from '../plan/explain.js';
import {keyOf, unordered} from '../plan/key.js';
import {printable} from '../report/style.js';
import {controllerOf, lock} from '../run/lock.js';
import {collectGarbage, findGarbage, type Reach} from '../store/gc.js';
import {printableJson} from '../report/style.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type GcOptions = Pick<ProjectOptions, 'file'> & {
  readonly delete?: boolean;
  readonly olderThan?: string;
  readonly json?: boolean;
};

/** Lists what neither the pipeline nor any of its profiles can reach; with `delete`, removes it. */
export function gcCommand(options: GcOptions, terminal: Terminal): number {
  const age = options.olderThan === undefined ? 0 : seconds(options.olderThan);
  if (age === undefined) {
    terminal.err(`--older-than cannot be ${quoted(options.olderThan!)}; write it like 7d, 12h or 30m\n`);
    return EXIT.badInput;
  }
  const base = openProject({...options, profile: [], set: []}, terminal);
  if (!base) return EXIT.badInput;
  const profiles = member(base.pipeline.source.value, 'profiles');
  const views = [base];
  for (const name of isObject(profiles) ? Object.keys(profiles) : []) {
    // A profile that cannot be planned may reach anything: then nothing is garbage.
    const view = openProject({...options, profile: [name], set: []}, terminal);
    if (!view) return EXIT.badInput;
    views.push(view);
  }
  const {runs} = base;
  const now = new Date();
  const held = options.delete ? lock(runs.controller, now, '') : undefined;
  const controller = held?.kind === 'busy' ? held.by : held ? undefined : controllerOf(runs.controller);
  if (controller) {
    const {pid, host} = controller;
    terminal.err(`process ${pid} on ${host} runs this project; collect garbage when it has ended\n`);
    return EXIT.failed;
  }
  try {
    const garbage = findGarbage(runs, reachOf(views), new Date(now.getTime() - age * 1000));
    const bytes = garbage.reduce((sum, one) => sum + one.bytes, 0);
    const shown = garbage.map(({dir, ...rest}) => ({folder: relative(base.pipeline.root, dir), ...rest}));
    if (options.delete) collectGarbage(runs, garbage);
    if (options.json) {
      terminal.out(`${printableJson({version: 1, deleted: options.delete === true, bytes, folders: shown})}\n`);
      return EXIT.done;
    }
    for (const {folder, because, bytes: size} of shown) {
      terminal.out(`${describeBytes(size).padStart(8)}  ${printable(folder)}\n          ${printable(because)}\n`);
    }
    const what = `${shown.length} ${shown.length === 1 ? 'folder' : 'folders'}, ${describeBytes(bytes)}`;
    terminal.out(
      shown.length === 0
        ? 'nothing to collect\n'
        : options.delete
          ? `deleted ${what}\n`
          : `${what}; nothing was deleted: that takes --delete\n`,
    );
    return EXIT.done;
  } finally {
    if (held?.kind === 'held') held.release();
  }
}

function reachOf(views: readonly Project[]): Reach {
  const keys = new Set<string>();
  const waiting = new Set<string>();
  for (const project of views) {
    const {verdicts} = planProject(project);
    for (const [id, verdict] of verdicts) {
      const step = project.graph.steps.get(id)!;
      if (verdict.kind === 'after') {
        waiting.add(unordered(id));
        continue;
      }
      keys.add(`${step.stage.name}/${keyOf(docOf(step, project.files.digests, verdicts))}`);
      // Its result may be one from before the lock was written.
      if (verdict.kind === 'cached') keys.add(`${step.stage.name}/${verdict.key}`);
      if (verdict.kind === 'cached' && verdict.accepted) keys.add(`${step.stage.name}/${verdict.accepted.from}`);
    }
  }
  return {
    keys,
    mayCome: (step) => waiting.has(unordered(step)),
    pipelines: new Set(views.map(({pipeline}) => pipeline.name)),
  };
}
