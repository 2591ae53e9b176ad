import {quote, type Argv} from '../base/argv.js';
import type {Fate, Job, JobName} from './executor.js';

/** What a queue says of a job. `ended`: it knows the job, and the job no longer runs. */
export type QueueState = 'waiting' | 'running' | 'held' | 'ended';

export type QueueEntry = {
  readonly name: JobName;
  /** The queue's own name of the job. */
  readonly id: string;
  readonly state: QueueState;
  /** Why it waits, is held or ended so, in the queue's words. */
  readonly because?: string;
  /** Of one that ended otherwise than by itself. */
  readonly fate?: Fate;
};

/** A command line to run, and what it reads from stdin. */
export type Command = {readonly argv: Argv; readonly input?: string};

/**
 * A batch system seen through its command-line client: pure functions from jobs to commands and from what the client prints to
 * answers. `batch` runs them.
 */
export type BatchSystem = {
  /** As a person calls it. */
  readonly title: string;
  /** The files that the submission needs in the job's folder, by name. */
  readonly files: (job: Job) => ReadonlyMap<string, string>;
  readonly submit: (job: Job) => Command;
  /** Whether a failed submission can go through later: the system is full, or does not answer. */
  readonly isPassing: (stderr: string) => boolean;
  /** One query for all jobs of this user. */
  readonly queue: Command;
  /** Undefined for an answer that makes no sense: the system cannot tell. */
  readonly parseQueue: (stdout: string) => readonly QueueEntry[] | undefined;
  /** How jobs that have left the queue ended, where the system keeps a record; undefined where it keeps none. */
  readonly history: (names: readonly JobName[]) => Command | undefined;
  readonly parseHistory: (stdout: string) => readonly QueueEntry[] | undefined;
  /** Asks running jobs to end: TERM to `job.sh` alone, which has its own grace. */
  readonly end: (entries: readonly QueueEntry[]) => Command;
  /** Takes jobs out of the queue, by force where they run and do not end. */
  readonly remove: (entries: readonly QueueEntry[]) => Command;
};

/** What the user sets for any batch system. */
export type BatchSettings = {
  /** Jobs in the queue at once. */
  readonly maxJobs: number;
  /** Submissions a second at most. */
  readonly submitRate: number;
  /** Least time between two queries of the queue. */
  readonly pollSeconds: number;
  /** How long files that a compute node wrote may take to be seen here. */
  readonly lagSeconds: number;
};

/** How a job is started where it runs. */
export type StartSettings = {
  /** The user's own lines, for instance `module load apptainer`. */
  readonly setup: readonly string[];
  /** A folder on the machine's own disk, as bash reads it there: `/local/$USER`. */
  readonly scratch?: string;
};

/** The script that the queue starts: the user's set-up lines, then `job.sh` in the same process, which so gets the signals. */
export const startScript = ({dir, resources}: Job, {setup, scratch}: StartSettings): string =>
  [
    '#!/bin/bash',
    ...setup,
    ...(resources.gpus === 0 ? HIDE_GPUS : []),
    ...(scratch === undefined ? [] : [`export PTB_SCRATCH="${scratch.replaceAll('"', '')}"`]),
    `exec /bin/bash ${quote(`${dir}/job.sh`)}`,
    '',
  ].join('\n');

/** HTCondor names a device that does not exist where a job has none; a program would take that for one. */
const HIDE_GPUS = ['unset CUDA_VISIBLE_DEVICES'];
