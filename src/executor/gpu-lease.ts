import {chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isAlive, thisProcess, type ProcessId} from './process.js';

/** Who holds a GPU: the job in `dir`, or until it has started, the process that submits it. */
type Lease = {readonly dir: string; readonly submitter: ProcessId};

/** Whether the job in a folder has started, still runs, or is over. */
export type JobPhase = (dir: string) => 'not-started' | 'running' | 'over';

/**
 * GPUs of this host, leased by UUID: one file a GPU in a folder that every ptb of the host sees, whatever its project. A
 * lease ends with its job, so it needs no owner that lives on: a later ptb takes over the lease of a job that is gone.
 */
export class GpuLeases {
  constructor(
    private readonly folder: string,
    private readonly phase: JobPhase,
  ) {}

  /** Leases `count` of the GPUs for the job in `dir`; undefined, and nothing leased, when so many are not free. */
  take(uuids: readonly string[], count: number, dir: string): string[] | undefined {
    if (count === 0) return [];
    this.#makeFolder();
    const taken: string[] = [];
    for (const uuid of uuids) {
      if (taken.length === count) break;
      if (this.#tryOne(uuid, dir)) taken.push(uuid);
    }
    if (taken.length === count) return taken;
    this.release(taken);
    return undefined;
  }

  release(uuids: readonly string[]): void {
    for (const uuid of uuids) rmSync(this.#file(uuid), {force: true});
  }

  #tryOne(uuid: string, dir: string): boolean {
    const file = this.#file(uuid);
    const lease: Lease = {dir, submitter: thisProcess()};
    for (;;) {
      try {
        writeFileSync(file, JSON.stringify(lease), {flag: 'wx', mode: 0o644});
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = readLease(file);
      if (other && this.#isHeld(other)) return false;
      // Renamed before it is removed: of two that find the same stale lease only one can do this.
      const stale = `${file}.${process.pid}.stale`;
      try {
        renameSync(file, stale);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      rmSync(stale, {force: true});
    }
  }

  #isHeld({dir, submitter}: Lease): boolean {
    const phase = this.phase(dir);
    return phase === 'running' || (phase === 'not-started' && isAlive(submitter));
  }

  #file(uuid: string): string {
    return join(this.folder, `${uuid.replaceAll(/[^A-Za-z0-9-]/g, '_')}.json`);
  }

  /** Any user's ptb may lease, and only a file's owner may remove it: like /tmp. */
  #makeFolder(): void {
    if (mkdirSync(this.folder, {recursive: true}) !== undefined) chmodSync(this.folder, 0o1777);
  }
}

function readLease(file: string): Lease | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Lease;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
