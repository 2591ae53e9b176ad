import {controllerJobAt, describeController, mayControl, type ControllerState} from '../run/controller-job.js';
import {onlooker} from '../run/find-executor.js';
import {controllerOf, forget} from '../run/lock.js';
import type {Runs} from '../store/paths.js';
import type {Terminal} from './terminal.js';

/** The controller that is a job of a queue, if there is one that may live. The lock of one that is gone is taken away. */
export async function liveControllerJob(runs: Runs, {env}: Terminal): Promise<ControllerState | undefined> {
  const state = await controllerJobAt(
    runs.controllerJob,
    onlooker((name) => env[name]),
  );
  if (!state || mayControl(state)) return state;
  forget(runs.controller, state.record.name);
  return undefined;
}

/** Who runs the project now, in words. */
export async function describeControl(runs: Runs, terminal: Terminal): Promise<string | undefined> {
  const state = await liveControllerJob(runs, terminal);
  if (state) return describeController(state);
  const other = controllerOf(runs.controller);
  return other && `process ${other.pid} on ${other.host} since ${other.since}`;
}
