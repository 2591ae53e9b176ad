import {isObject, type Json} from '../base/json.js';
import {
  startScript,
  type BatchSystem,
  type Command,
  type QueueEntry,
  type QueueState,
  type StartSettings,
} from './batch-system.js';
import type {Fate, Job, JobName} from './executor.js';

export type HtcondorSettings = StartSettings & {
  /** A ClassAd expression, for instance `CUDADeviceName == "NVIDIA H100 80GB HBM3"`. */
  readonly requirements?: string;
  /** A ClassAd expression over the properties of one GPU, for instance `Capability >= 9.0`. */
  readonly requireGpus?: string;
  readonly accountingGroup?: string;
  /** Offered for the job, where the pool sells its slots: submission is then by `condor_submit_bid`. */
  readonly bid?: number;
  /** Further lines of the submit description. */
  readonly flags: readonly string[];
};

const START = 'start.sh';
const DESCRIPTION = 'job.sub';

/** Holds that a release does not mend: the job was over its memory, its disk or its time (HoldReasonCode, JobStatus 5). */
const FATAL_HOLDS: ReadonlyMap<number, Fate> = new Map([
  [34, 'out-of-memory'],
  [46, 'taken'],
  [47, 'taken'],
  [104, 'taken'],
]);

const ATTRIBUTES =
  'PtbJob,ClusterId,ProcId,JobStatus,HoldReason,HoldReasonCode,LastHoldReason,LastHoldReasonCode,RemoveReason,NumJobStarts';
const LISTING = ['-json', '-attributes', ATTRIBUTES] as const;

/** HTCondor through condor_submit, condor_q, condor_history and condor_rm, on a file system that the nodes share. */
export const htcondor = (settings: HtcondorSettings): BatchSystem => ({
  title: 'HTCondor',
  files: (job) =>
    new Map([
      [START, startScript(job, settings)],
      [DESCRIPTION, description(job, settings)],
    ]),
  submit: ({dir}) => ({
    argv:
      settings.bid === undefined
        ? ['condor_submit', '-terse', `${dir}/${DESCRIPTION}`]
        : ['condor_submit_bid', String(settings.bid), `${dir}/${DESCRIPTION}`],
  }),
  isPassing: (stderr) => PASSING.some((text) => stderr.includes(text)),
  queue: {argv: ['condor_q', ...LISTING, '-constraint', 'PtbJob isnt undefined']},
  // A job that is being removed (3) stays in the queue until its processes have ended.
  parseQueue: (stdout) => parse(stdout, 'running'),
  history: (names) => ({
    argv: ['condor_history', ...LISTING, '-limit', String(names.length), '-constraint', either(names)],
  }),
  parseHistory: (stdout) => parse(stdout, 'ended'),
  // TERM to the job's first process, and KILL when the time to vacate is over.
  end: remove,
  remove,
});

const remove = (entries: readonly QueueEntry[]): Command => ({argv: ['condor_rm', ...entries.map(({id}) => id)]});

const either = (names: readonly JobName[]): string => names.map((name) => `PtbJob == "${name}"`).join(' || ');

/** condor_submit(1). Paths are quoted as its `arguments` and macros want them: no path of ours reaches a macro unquoted. */
function description({name, dir, resources}: Job, settings: HtcondorSettings): string {
  const {gpus, cpus, memoryMb, graceSeconds} = resources;
  return [
    'universe = vanilla',
    `executable = ${plain(dir)}/${START}`,
    `initialdir = ${plain(dir)}`,
    `log = ${plain(dir)}/scheduler.log`,
    `batch_name = ${name}`,
    `+PtbJob = "${name}"`,
    'getenv = false',
    // The nodes see the same files.
    'should_transfer_files = NO',
    'transfer_executable = false',
    'kill_sig = SIGTERM',
    `job_max_vacate_time = ${Math.ceil(graceSeconds) + 10}`,
    // A job that began does not begin again in the same folder: it is lost, and the next attempt has a folder of its own.
    // One that a person holds (code 1) stays held until it is released.
    'periodic_remove = NumJobStarts > 0 && (JobStatus == 1 || (JobStatus == 5 && HoldReasonCode =!= 1))',
    `request_cpus = ${cpus}`,
    // HTCondor's MB is 2^20 bytes, ours 10^6.
    `request_memory = ${Math.ceil((memoryMb * 1e6) / 2 ** 20)}MB`,
    ...(gpus > 0 ? [`request_gpus = ${gpus}`] : []),
    ...(gpus > 0 && settings.requireGpus !== undefined ? [`require_gpus = ${settings.requireGpus}`] : []),
    ...(settings.requirements === undefined ? [] : [`requirements = ${settings.requirements}`]),
    ...(settings.accountingGroup === undefined ? [] : [`accounting_group = ${settings.accountingGroup}`]),
    ...settings.flags,
    'queue',
    '',
  ].join('\n');
}

/** A path in a submit description: `$` begins a macro there. */
const plain = (path: string): string => path.replaceAll('$', '$(DOLLAR)');

/** Errors after which the same submission may go through. */
const PASSING = [
  "Can't find address of local schedd",
  'Failed to connect to',
  'Failed to connect to queue manager',
  'CEDAR:',
  'SECMAN:',
  'MAX_JOBS_SUBMITTED',
  'MAX_JOBS_PER_OWNER',
  'MAX_JOBS_PER_SUBMISSION',
  'timed out',
];

/** JobStatus of the job ClassAd: idle, running, completed, held, transferring output, suspended. */
const STATES: Readonly<Record<number, QueueState>> = {
  1: 'waiting',
  2: 'running',
  4: 'ended',
  5: 'held',
  6: 'running',
  7: 'running',
};

/** `-json` prints an array, or nothing at all when there is nothing to list. */
function parse(stdout: string, removed: QueueState): QueueEntry[] | undefined {
  if (stdout.trim() === '') return [];
  let value: Json;
  try {
    value = JSON.parse(stdout) as Json;
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((ad): QueueEntry[] => {
    if (!isObject(ad) || typeof ad.PtbJob !== 'string') return [];
    const {ClusterId, ProcId, JobStatus, RemoveReason} = ad;
    const listed = STATES[Number(JobStatus)] ?? (JobStatus === 3 ? removed : 'running');
    const hold = ad.HoldReason ?? ad.LastHoldReason;
    const fatal = FATAL_HOLDS.get(Number(ad.HoldReasonCode ?? ad.LastHoldReasonCode));
    const state = listed === 'held' && fatal !== undefined ? 'ended' : listed;
    const bySystem = JobStatus === 3 && typeof RemoveReason === 'string' && /PERIODIC|Periodic/.test(RemoveReason);
    const said = listed === 'held' || (bySystem && hold !== undefined) ? hold : RemoveReason;
    const word = fatal === undefined ? 'removed' : 'held';
    // Matched again before it could be removed: the second start of job.sh ended at once.
    const startedAgain = JobStatus === 4 && Number(ad.NumJobStarts) > 1;
    const because =
      typeof said !== 'string' || said === '' || JobStatus === 4
        ? startedAgain
          ? 'HTCondor took its machine away'
          : undefined
        : state === 'ended'
          ? `HTCondor says ${word}: ${said}`
          : said;
    const removedBy = bySystem ? 'taken' : 'cancelled';
    const fate =
      state !== 'ended' ? undefined : JobStatus !== 4 ? (fatal ?? removedBy) : startedAgain ? 'taken' : undefined;
    const id = `${Number(ClusterId)}.${Number(ProcId)}`;
    return [
      {
        id,
        name: ad.PtbJob as JobName,
        state,
        ...(because === undefined ? {} : {because}),
        ...(fate === undefined ? {} : {fate}),
      },
    ];
  });
}
