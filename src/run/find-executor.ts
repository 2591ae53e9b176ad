import {userInfo} from 'node:os';
import {groupBy} from '../base/group.js';
import {isObject} from '../base/json.js';
import {seconds} from '../base/quantity.js';
import type {ExecutorSettings} from '../config/pipeline.js';
import {batch} from '../executor/batch.js';
import type {BatchSettings, BatchSystem} from '../executor/batch-system.js';
import type {Capacity, Executor, Job, JobName, Onlooker, Report} from '../executor/executor.js';
import {htcondor} from '../executor/htcondor.js';
import {local} from '../executor/local.js';
import {slurm} from '../executor/slurm.js';
import {attemptPaths} from '../store/paths.js';
import {readJson} from '../store/write.js';

/** What executors take from the process that they run in. */
export type Surroundings = {
  /** `PATH` of trusted scripts. */
  readonly path: string;
  readonly variable: (name: string) => string | undefined;
  /** Called when a job that this process started has ended. */
  readonly onExit: () => void;
  /** Of this machine, for jobs that run on it. */
  readonly capacity: Capacity;
  /** UUIDs of the GPUs of this machine. */
  readonly gpus: readonly string[];
  /** Where the GPUs of this host are leased. */
  readonly leases: string;
};

/** Whether jobs run on the machine that ptb runs on. */
export const isHere = ({use}: ExecutorSettings): boolean => use === 'local';

export function findExecutor(settings: ExecutorSettings, surroundings: Surroundings): Executor {
  if (settings.use === 'local') {
    const {capacity, gpus, leases, path, onExit} = surroundings;
    return local({capacity, gpus, leases, path, onExit});
  }
  return batch(systemOf(settings), batchSettings(settings), clientEnvironment(surroundings));
}

/** Looks at jobs and ends them, each where its attempt's job.json says that it is. Needs no settings, and starts nothing. */
export function onlooker(variable: Surroundings['variable']): Onlooker {
  const capacity = {cpus: 0, memoryMb: 0, gpus: 0};
  const surroundings = {
    path: variable('PATH') ?? '',
    variable,
    onExit: () => undefined,
    capacity,
    gpus: [],
    leases: '',
  };
  const made = new Map<ExecutorSettings['use'], Executor>();
  const executorOf = ({dir}: Job): Executor => {
    // A controller's job.json is no attempt's.
    const job = readJson(attemptPaths(dir).job);
    const use = (isObject(job) && typeof job.executor === 'string' ? job.executor : 'local') as ExecutorSettings['use'];
    const executor = made.get(use) ?? findExecutor({use, poll: '1s', lag: '0s'}, surroundings);
    made.set(use, executor);
    return executor;
  };
  return {
    async poll(jobs) {
      const answers = new Map<JobName, Report>();
      for (const [executor, some] of groupBy(jobs, executorOf)) {
        for (const [name, report] of await executor.poll(some)) answers.set(name, report);
      }
      return answers;
    },
    cancel: (job) => executorOf(job).cancel(job),
  };
}

function systemOf(settings: ExecutorSettings): BatchSystem {
  const {flags = [], setup = [], scratch} = settings;
  const start = {setup, ...(scratch === undefined ? {} : {scratch})};
  if (settings.use === 'htcondor') {
    const {requirements, 'require-gpus': requireGpus, 'accounting-group': accountingGroup, bid} = settings;
    return htcondor({
      flags,
      ...start,
      ...(requirements === undefined ? {} : {requirements}),
      ...(requireGpus === undefined ? {} : {requireGpus}),
      ...(accountingGroup === undefined ? {} : {accountingGroup}),
      ...(bid === undefined ? {} : {bid}),
    });
  }
  const {partition, account, qos, constraint, 'gpu-type': gpuType, accounting = false} = settings;
  return slurm({
    flags,
    ...start,
    slackSeconds: duration(settings.slack, DEFAULTS.slackSeconds),
    user: userInfo().username,
    accounting,
    ...(partition === undefined ? {} : {partition}),
    ...(account === undefined ? {} : {account}),
    ...(qos === undefined ? {} : {qos}),
    ...(constraint === undefined ? {} : {constraint}),
    ...(gpuType === undefined ? {} : {gpuType}),
  });
}

const batchSettings = (settings: ExecutorSettings): BatchSettings => ({
  maxJobs: settings['max-jobs'] ?? DEFAULTS.maxJobs,
  submitRate: settings['submit-rate'] ?? DEFAULTS.submitRate,
  pollSeconds: duration(settings.poll, DEFAULTS.pollSeconds),
  lagSeconds: duration(settings.lag, DEFAULTS.lagSeconds),
});

const duration = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (seconds(text) ?? otherwise);

/** Documented in schemas/pipeline.schema.json. */
const DEFAULTS = {maxJobs: 200, submitRate: 10, pollSeconds: 10, lagSeconds: 60, slackSeconds: 3600} as const;

/**
 * What sbatch and condor_submit need to find their cluster. Not the rest: their own variables (SLURM_*, SBATCH_*) change
 * what is submitted where ptb itself runs in a job, and keys have no business there.
 */
export const CLIENT_VARIABLES = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'KRB5CCNAME',
  'SLURM_CONF',
  'SLURM_CLUSTERS',
  'SLURM_JWT',
  'CONDOR_CONFIG',
];

function clientEnvironment({variable}: Surroundings): Readonly<Record<string, string>> {
  const found = CLIENT_VARIABLES.flatMap((name) => {
    const value = variable(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {...Object.fromEntries(found), LC_ALL: 'C.UTF-8'};
}
