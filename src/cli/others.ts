import {controllerOf} from '../run/lock.js';
import type {Runs} from '../store/paths.js';
import {list} from '../store/write.js';

/** What shows whether another controller has worked meanwhile: one that lives, and the journals of those that began. */
export type Others = {readonly alive: boolean; readonly journals: readonly string[]};

export const othersOf = (runs: Runs): Others => ({
  alive: controllerOf(runs.controller) !== undefined,
  journals: list(runs.journal),
});

/** Whether nobody but this process, which holds the lock now, can have committed anything since. */
export const nobodySince = (before: Others, runs: Runs): boolean =>
  !before.alive && before.journals.join('\n') === list(runs.journal).join('\n');
