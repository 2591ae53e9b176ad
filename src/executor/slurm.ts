import type {BatchSystem, Command, QueueEntry, QueueState} from './batch-system.js';
import {startScript, type StartSettings} from './batch-system.js';
import type {Fate, Job, JobName} from './executor.js';

export type SlurmSettings = StartSettings & {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly constraint?: string;
  /** The GPUs' type as the cluster's gres names it, for instance `h100`. */
  readonly gpuType?: string;
  /** Further options of sbatch. */
  readonly flags: readonly string[];
  /** What the queue's time limit allows beyond the job's own, which ends it first: preparation and copying. */
  readonly slackSeconds: number;
  /** Whose jobs these are. */
  readonly user: string;
  /** Whether sacct can be asked. */
  readonly accounting: boolean;
};

const START = 'start.sh';

/** Names are ours and hold no separator; the reason, which may, comes last. */
const QUEUE_FORMAT = '%i|%T|%j|%r';
const HISTORY_FORMAT = 'JobID,State,JobName%250,Reason';

/** Slurm through sbatch, squeue, scancel, and sacct where there is accounting. */
export const slurm = (settings: SlurmSettings): BatchSystem => ({
  title: 'Slurm',
  files: (job) => new Map([[START, startScript(job, settings)]]),
  submit: (job) => ({argv: ['sbatch', ...options(job, settings), `${job.dir}/${START}`]}),
  isPassing,
  queue: {
    argv: ['squeue', '--noheader', '--states=all', `--user=${settings.user}`, `--format=${QUEUE_FORMAT}`],
  },
  parseQueue: (stdout) => parse(stdout),
  history: (names): Command | undefined =>
    settings.accounting
      ? {
          argv: [
            ...(['sacct', '--noheader', '--parsable2', '--allocations', '--starttime=now-30days'] as const),
            `--user=${settings.user}`,
            `--format=${HISTORY_FORMAT}`,
            `--name=${names.join(',')}`,
          ],
        }
      : undefined,
  parseHistory: (stdout) => parse(stdout),
  // Not to the whole job: job.sh hands TERM on, waits for the grace and records the end.
  end: (entries) => ({argv: ['scancel', '--batch', '--signal=TERM', ...entries.map(({id}) => id)]}),
  remove: (entries) => ({argv: ['scancel', ...entries.map(({id}) => id)]}),
});

function options({name, dir, resources}: Job, settings: SlurmSettings): string[] {
  const {gpus, cpus, memoryMb, seconds, graceSeconds} = resources;
  const set = (option: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${option}=${value}`];
  return [
    '--parsable',
    `--job-name=${name}`,
    `--chdir=${dir}`,
    `--output=${dir}/scheduler.log`,
    '--open-mode=append',
    // A job that began does not begin again in the same folder: it is lost, and the next attempt has a folder of its own.
    '--no-requeue',
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    // Slurm's M is 2^20 bytes, ours 10^6.
    `--mem=${Math.ceil((memoryMb * 1e6) / 2 ** 20)}M`,
    ...(gpus > 0 ? [`--gres=gpu:${settings.gpuType === undefined ? '' : `${settings.gpuType}:`}${gpus}`] : []),
    ...(seconds === undefined ? [] : [`--time=${Math.ceil((seconds + graceSeconds + settings.slackSeconds) / 60)}`]),
    ...set('partition', settings.partition),
    ...set('account', settings.account),
    ...set('qos', settings.qos),
    ...set('constraint', settings.constraint),
    ...settings.flags,
  ];
}

/** A limit of the accounts, as sbatch names it; only that on the number of jobs passes by itself. */
const LIMIT = /\b(Assoc|QOS)\w*Limit\b/;

const isPassing = (stderr: string): boolean => {
  const limit = LIMIT.exec(stderr)?.[0];
  return limit === undefined ? PASSING.some((text) => stderr.includes(text)) : /Submit/.test(limit);
};

/** Errors of sbatch after which the same submission may go through: no answer, or a limit on the number of jobs. */
const PASSING = [
  'Unable to contact slurm controller',
  'Socket timed out',
  'Zero Bytes were transmitted or received',
  'Connection refused',
  'Connection timed out',
  'Slurm temporarily unable to accept job',
  'Job violates accounting/QOS policy',
  'Resource temporarily unavailable',
];

/** squeue(1), JOB STATE CODES. What is not named here is not known to be over. */
const STATES: ReadonlyMap<string, QueueState> = new Map([
  ['PENDING', 'waiting'],
  ['CONFIGURING', 'waiting'],
  ['REQUEUED', 'waiting'],
  ['REQUEUE_FED', 'waiting'],
  ['RESV_DEL_HOLD', 'held'],
  ['REQUEUE_HOLD', 'held'],
  ['SPECIAL_EXIT', 'held'],
  ['BOOT_FAIL', 'ended'],
  ['CANCELLED', 'ended'],
  ['COMPLETED', 'ended'],
  ['DEADLINE', 'ended'],
  ['FAILED', 'ended'],
  ['NODE_FAIL', 'ended'],
  ['OUT_OF_MEMORY', 'ended'],
  ['PREEMPTED', 'ended'],
  ['REVOKED', 'ended'],
  ['TIMEOUT', 'ended'],
]);

/** Of jobs that did not end by themselves. */
const FATES: ReadonlyMap<string, Fate> = new Map([
  ['CANCELLED', 'cancelled'],
  ['BOOT_FAIL', 'taken'],
  ['DEADLINE', 'taken'],
  ['NODE_FAIL', 'taken'],
  ['PREEMPTED', 'taken'],
  ['REVOKED', 'taken'],
  ['TIMEOUT', 'taken'],
  ['OUT_OF_MEMORY', 'out-of-memory'],
]);

/** Reasons of a pending job that no waiting removes (squeue(1), JOB REASON CODES). */
const HELD =
  /^(JobHeld|job requeued in held state|launch failed requeued held|DependencyNeverSatisfied|InvalidAccount|InvalidQOS|BadConstraints|PartitionTimeLimit|PartitionNodeLimit|AssocMaxJobsLimit0)/i;

function parse(stdout: string): QueueEntry[] | undefined {
  const entries: QueueEntry[] = [];
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const [id, word, name, ...rest] = line.split('|');
    if (id === undefined || word === undefined || name === undefined) return undefined;
    // sacct writes `CANCELLED by 1500`.
    const [code = '', by] = word.split(' by ');
    const reason = rest.join('|');
    const tells = reason !== '' && reason !== 'None';
    const listed = STATES.get(code) ?? 'running';
    const state = listed === 'waiting' && HELD.test(reason) ? 'held' : listed;
    const because =
      state === 'ended'
        ? `Slurm says ${code}${by === undefined ? '' : ` by uid ${by}`}${tells ? ` (${reason})` : ''}`
        : tells
          ? reason
          : undefined;
    const fate = FATES.get(code);
    entries.push({
      id,
      name: name as JobName,
      state,
      ...(because === undefined ? {} : {because}),
      ...(fate === undefined ? {} : {fate}),
    });
  }
  return entries;
}
