import {statSync} from 'node:fs';
import {join} from 'node:path';
import type {Runs} from './paths.js';
import {list} from './write.js';

/**
 * Tells whether anything below `runs/` came, went or ended since: the times of the folders down to each attempt, where every
 * step from a claim to a result leaves its trace. What only a queue or a process table knows is not in it.
 */
export function stampOf(runs: Runs): string {
  const stages = (root: string): string[] => list(root).map((stage) => join(root, stage));
  const folders = stages(runs.attempts).flatMap((stage) => [
    stage,
    ...list(stage).map((folder) => join(stage, folder)),
  ]);
  const attempts = folders.flatMap((folder) => list(folder).map((attempt) => join(folder, attempt)));
  const singles = [runs.root, runs.results, runs.attempts, runs.controllerJob, runs.pauses, runs.controller];
  return [...singles, ...stages(runs.results), ...stages(join(runs.root, 'accepted')), ...folders, ...attempts]
    .map((path) => statSync(path, {throwIfNoEntry: false})?.mtimeMs ?? 0)
    .join(' ');
}
