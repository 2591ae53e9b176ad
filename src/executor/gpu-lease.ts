import {chmodSync, mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {claim} from './exclusive.js';
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
    const lease: Lease = {dir, submitter: thisProcess()};
    const isStale = (text: string): boolean => {
      const other = parseLease(text);
      return other === undefined || other.dir === dir || !this.#isHeld(other);
    };
    return claim(this.#file(uuid), JSON.stringify(lease), isStale).kind === 'mine';
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

function parseLease(text: string): Lease | undefined {
  try {
    return JSON.parse(text) as Lease;
  } catch {
    return undefined;
  }
}
