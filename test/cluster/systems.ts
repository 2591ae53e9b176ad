import {chmodSync, existsSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {batch} from '../../src/executor/batch.js';
import {htcondor} from '../../src/executor/htcondor.js';
import {slurm} from '../../src/executor/slurm.js';
import type {BatchSystem} from '../../src/executor/batch-system.js';
import type {Executor, Job} from '../../src/executor/executor.js';
import {LAB_BIN} from '../lab/lab.js';
import {workersBelow} from '../rig/processes.js';
import type {Subject} from '../executor/contract.js';

const environment = {PATH: `${LAB_BIN}:${process.env.PATH!}`, HOME: process.env.HOME!};
const settings = {maxJobs: 100, submitRate: 50, pollSeconds: 0.2, lagSeconds: 2};

const SYSTEMS = {
  slurm: slurm({flags: [], setup: [], slackSeconds: 60, user: userInfo().username, accounting: true}),
  htcondor: htcondor({flags: [], setup: []}),
} as const satisfies Record<string, BatchSystem>;

export type Kind = keyof typeof SYSTEMS;

/** Removes all jobs of the lab's queue. */
export async function emptyQueue(kind: Kind): Promise<void> {
  const [program, ...args] = kind === 'slurm' ? ['scancel', '--user', userInfo().username] : ['condor_rm', '-all'];
  // HTCondor calls it a failure to have nothing to remove.
  await execa(`${LAB_BIN}/${program}`, args, {reject: kind === 'slurm'});
}

const subject = (kind: Kind): Subject => ({
  make: (): Executor => batch(SYSTEMS[kind], settings, environment),
  submitElsewhere: async (job: Job): Promise<void> => {
    const script = fileURLToPath(new URL('../executor/submitter.mjs', import.meta.url));
    await execa(process.execPath, [script, JSON.stringify(job), kind], {env: environment});
  },
  whenFull: 'waiting',
  emptyQueue: () => emptyQueue(kind),
  workers: workersBelow,
  cpus: 2,
});

/** What the batch systems of the lab bring to the executor contract. */
export const SUBJECTS: Readonly<Record<Kind, Subject>> = {
  slurm: subject('slurm'),
  // HTCondor lets a job wait for a machine that is large enough. The lab runs it as another user than the tests.
  htcondor: {
    ...subject('htcondor'),
    open: (dir) => {
      for (const folder of [dir, join(dir, 'work')]) if (existsSync(folder)) chmodSync(folder, 0o777);
    },
  },
};
