import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Resources} from '../graph/spec.js';
import {parseExitRecord} from './exit-record.js';
import type {Capacity, Executor, Job, JobName, Liveness, Report, Submission} from './executor.js';
import {GpuLeases, type JobPhase} from './gpu-lease.js';
import {Launcher, type Launched} from './launcher.js';
import {leftovers} from './leftovers.js';
import {bootId, exists, isAlive, type ProcessId} from './process.js';

export type LocalSettings = {
  readonly capacity: Capacity;
  /** UUIDs of the GPUs that may be leased, at most `capacity.gpus` at once. */
  readonly gpus: readonly string[];
  /** Where the GPUs of this host are leased. */
  readonly leases: string;
  /** `PATH` that finds bash. */
  readonly path: string;
  /** Called when a job that this process started has ended. */
  readonly onExit: () => void;
};

/** Between the making of `claimed/owner` and the name in it lie microseconds; this much later its process is dead. */
const CLAIM_PATIENCE_MS = 5000;

/** How often the folder of a job is looked at although its end is told and its pid lives: both may deceive. */
const LOOK_MS = 5000;
const LOOK_AT_PIDS_MS = 500;

/** A job that this process started. `pid`: its script's, once that was seen. */
type Child = Launched & {readonly gpus: readonly string[]; pid?: number | undefined};

/** How often the processes of a dead job are looked for after KILL: one that waits for a broken disk outlives it. */
const LEFTOVER_LOOKS = 400;

/**
 * Jobs as processes of this machine. They are in no session of the controller, so they outlive it; the next one finds each by
 * what it wrote into `claimed/owner`.
 */
export function local(settings: LocalSettings): Executor {
  const held = new Map<JobName, Resources>();
  const leases = new GpuLeases(settings.leases, phaseOf);
  const launcher = new Launcher(settings.path);
  const children = new Map<JobName, Child>();
  let looked = performance.now();
  let lookedAtPids = looked;
  /** Jobs that came to their last act, and whose end was not asked for yet. */
  const over = new Set<JobName>();
  /** Jobs whose script could not even claim its folder: asking again would find nothing, and start them for ever. */
  const stillborn = new Set<JobName>();

  const fits = ({gpus, cpus, memoryMb}: Resources): Submission => {
    const {capacity} = settings;
    const because = lacking({gpus, cpus, memoryMb}, capacity);
    if (because !== undefined) return {kind: 'refused', because};
    const sum = (pick: (resources: Resources) => number): number =>
      [...held.values()].reduce((total, resources) => total + pick(resources), 0);
    const room =
      sum((one) => one.cpus) + cpus <= capacity.cpus &&
      sum((one) => one.memoryMb) + memoryMb <= capacity.memoryMb &&
      sum((one) => one.gpus) + gpus <= capacity.gpus;
    return {kind: room ? 'accepted' : 'busy'};
  };

  const ended = (job: Job, gpus: readonly string[]): void => {
    const child = children.get(job.name);
    if (!child) return;
    children.delete(job.name);
    held.delete(job.name);
    const isOver = hasEnded(job.dir);
    if (!isOver) endLeftovers(job.dir);
    const now = isOver ? 'gone' : look(job.dir);
    if (isOver) over.add(job.name);
    if (now === 'absent' && child.isWatched()) stillborn.add(job.name);
    // Submitted twice, and the other one has it: it keeps the GPUs.
    if (now !== 'running' && now !== 'unknown') leases.release(gpus);
    settings.onExit();
  };

  return {
    async submit(job) {
      const room = fits(job.resources);
      if (room.kind !== 'accepted') return room;
      const gpus = leases.take(settings.gpus, job.resources.gpus, job.dir);
      if (gpus === undefined) return {kind: 'busy'};
      let launched: Launched;
      try {
        launched = await launcher.launch(job.dir, gpus.join(','), () => ended(job, gpus));
      } catch (error) {
        leases.release(gpus);
        return {kind: 'refused', because: `bash cannot be started: ${(error as Error).message}`};
      }
      held.set(job.name, job.resources);
      children.set(job.name, {...launched, gpus});
      return {kind: 'accepted'};
    },

    poll(jobs) {
      const answers = new Map<JobName, Report>();
      const isDue = performance.now() - looked > LOOK_MS;
      if (isDue) looked = performance.now();
      const arePidsDue = performance.now() - lookedAtPids > LOOK_AT_PIDS_MS;
      if (arePidsDue) lookedAtPids = performance.now();
      for (const job of jobs) {
        const child = children.get(job.name);
        if (child && (isDue || !child.isWatched() || (arePidsDue && isKilled(child, job.dir)))) {
          const now = look(job.dir);
          if (now === 'gone' || (now === 'absent' && !child.isWatched())) ended(job, child.gpus);
        }
        const liveness = children.has(job.name)
          ? 'running'
          : over.delete(job.name) || stillborn.has(job.name)
            ? 'gone'
            : look(job.dir);
        answers.set(job.name, {liveness});
        // A job that an earlier controller started holds its slots here too.
        if (liveness === 'running' && !held.has(job.name)) held.set(job.name, job.resources);
        if (liveness === 'gone') held.delete(job.name);
      }
      return Promise.resolve(answers);
    },

    async cancel(job) {
      const owner = ownerOf(job.dir);
      if (owner && isAlive(owner)) {
        signal(owner.pid, 'SIGTERM');
        const deadline = performance.now() + (job.resources.graceSeconds + 5) * 1000;
        while (isAlive(owner)) {
          if (performance.now() > deadline) signal(owner.pid, 'SIGKILL');
          await sleep(20);
        }
      }
      if (!hasEnded(job.dir)) {
        for (let looks = 0; endLeftovers(job.dir) > 0 && looks < LEFTOVER_LOOKS; looks++) await sleep(5);
      }
      held.delete(job.name);
    },
  };
}

/** Why a machine can never run a job that large; undefined when it can. */
export function lacking(
  {gpus, cpus, memoryMb}: Pick<Resources, 'gpus' | 'cpus' | 'memoryMb'>,
  capacity: Capacity,
): string | undefined {
  const parts = [
    ...(gpus > capacity.gpus ? [`${gpus} GPUs, and there are ${capacity.gpus}`] : []),
    ...(cpus > capacity.cpus ? [`${cpus} CPUs, and there are ${capacity.cpus}`] : []),
    ...(memoryMb > capacity.memoryMb ? [`${memoryMb} MB of memory, and there are ${capacity.memoryMb}`] : []),
  ];
  return parts.length === 0 ? undefined : `it asks for ${parts.join('; for ')}`;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const phaseOf: JobPhase = (dir) => {
  const liveness = look(dir);
  return liveness === 'running' ? 'running' : liveness === 'gone' ? 'over' : 'not-started';
};

/** Who is killed tells nothing. By its pid alone, which costs next to nothing. */
function isKilled(child: Child, dir: string): boolean {
  child.pid ??= ownerOf(dir)?.pid;
  return child.pid !== undefined && !exists(child.pid);
}

/** What an attempt's folder says of a job that this process did not start. */
function look(dir: string): Liveness {
  if (hasEnded(dir)) return 'gone';
  const claim = statSync(join(dir, 'claimed/owner'), {throwIfNoEntry: false});
  if (!claim) return 'absent';
  const owner = ownerOf(dir);
  if (owner) return isAlive(owner) ? 'running' : 'gone';
  // A clock that was set back since must not hold it up.
  return Math.abs(Date.now() - claim.mtimeMs) > CLAIM_PATIENCE_MS ? 'gone' : 'unknown';
}

/** Whether a job's script came to its last act. */
const hasEnded = (dir: string): boolean => parseExitRecord(read(join(dir, 'exit.json')) ?? '') !== undefined;

/** Kills what goes on although the job's script was killed; how many processes that were. */
function endLeftovers(dir: string): number {
  const owner = ownerOf(dir);
  if (!owner || owner.boot !== bootId() || isAlive(owner)) return 0;
  const left = leftovers(dir, owner.session);
  for (const pid of left) signal(pid, 'SIGKILL');
  return left.length;
}

type Owner = ProcessId & {readonly session: number};

/** `claimed/owner`: pid, start, boot, host, session; that of earlier versions is its own. */
function ownerOf(dir: string): Owner | undefined {
  const [pid, start, boot, , session = pid] = (read(join(dir, 'claimed/owner')) ?? '').trim().split(' ');
  return pid && start && boot ? {pid: Number(pid), start, boot, session: Number(session)} : undefined;
}

/** Undefined for a file that is not there, and for a folder or a ring of links in its place: without a sandbox a job can make those. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
