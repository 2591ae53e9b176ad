import {mkdirSync, rmSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import {fits, type Shape} from '../base/fits.js';
import {parseJson} from '../base/json.js';
import {claim} from '../executor/exclusive.js';
import {isAlive, thisProcess, type ProcessId} from '../executor/process.js';
import {readText} from '../store/write.js';

/** Who runs steps of this project now. */
export type Controller = ProcessId & {
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Where it writes its events. */
  readonly journal: string;
  /** Its name, where it is a job of a queue itself: whether it lives can then be asked from any host. */
  readonly job?: string;
};

export type Lock =
  | {readonly kind: 'held'; readonly release: () => void; readonly tookOver: Controller | undefined}
  | {readonly kind: 'busy'; readonly by: Controller};

/**
 * One controller for a project. The lock of a dead process, or of an earlier boot of this host, is taken over; whether a
 * process of another host lives cannot be seen from here.
 */
export function lock(file: string, since: Date, journal: string, job?: string): Lock {
  mkdirSync(dirname(file), {recursive: true});
  const me: Controller = {
    ...thisProcess(),
    host: hostname(),
    since: since.toISOString(),
    journal,
    ...(job === undefined ? {} : {job}),
  };
  const claimed = claim(file, `${JSON.stringify(me)}\n`, (text) => {
    const other = parseController(text);
    return other === undefined || !mayLive(other);
  });
  if (claimed.kind === 'held') return {kind: 'busy', by: parseController(claimed.by)!};
  const tookOver = claimed.took === undefined ? undefined : parseController(claimed.took);
  return {kind: 'held', release: () => rmSync(file, {force: true}), tookOver};
}

/** The controller at work, if there is one that may live. */
export function controllerOf(file: string): Controller | undefined {
  const controller = parseController(readText(file) ?? '');
  return controller && mayLive(controller) ? controller : undefined;
}

/** Takes the lock away from a controller whose job is known to be gone. */
export function forget(file: string, job: string): void {
  if (controllerOf(file)?.job === job) rmSync(file, {force: true});
}

const mayLive = (controller: Controller): boolean => controller.host !== hostname() || isAlive(controller);

const CONTROLLER: Shape = {
  pid: 'ordinal',
  start: 'text',
  boot: 'text',
  host: 'text',
  since: 'text',
  journal: 'text',
  'job?': 'text',
};

function parseController(text: string): Controller | undefined {
  const value = parseJson(text);
  return fits(value, CONTROLLER) ? (value as unknown as Controller) : undefined;
}
