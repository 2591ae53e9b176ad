import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import {isObject} from '../base/json.js';
import {isAlive, thisProcess, type ProcessId} from '../executor/process.js';
import {readJson} from '../store/write.js';

/** Who runs steps of this project now. */
export type Controller = ProcessId & {readonly host: string; readonly since: string};

export type Lock =
  | {readonly kind: 'held'; readonly release: () => void; readonly tookOver: Controller | undefined}
  | {readonly kind: 'busy'; readonly by: Controller};

/** One controller for a project. The lock of a dead process or of an earlier boot of this host is taken over. */
export function lock(file: string, now: Date): Lock {
  mkdirSync(dirname(file), {recursive: true});
  const me: Controller = {...thisProcess(), host: hostname(), since: now.toISOString()};
  let tookOver: Controller | undefined;
  for (;;) {
    try {
      writeFileSync(file, `${JSON.stringify(me)}\n`, {flag: 'wx'});
      return {kind: 'held', release: () => rmSync(file, {force: true}), tookOver};
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const by = controllerOf(file);
    if (by && (by.host !== me.host || isAlive(by))) return {kind: 'busy', by};
    tookOver = by;
    rmSync(file, {force: true});
  }
}

/** Undefined when no lock is there or it was cut off while it was written. */
export function controllerOf(file: string): Controller | undefined {
  const value = readJson(file);
  return isObject(value) && typeof value.pid === 'number' ? (value as unknown as Controller) : undefined;
}
