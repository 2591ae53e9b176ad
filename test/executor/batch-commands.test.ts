import {expect, test} from 'vitest';
import type {Job, JobName} from '../../src/executor/executor.js';
import {htcondor} from '../../src/executor/htcondor.js';
import {slurm} from '../../src/executor/slurm.js';

const job: Job = {
  name: 'ptb-post-train-0123456789ab-1-abcdef' as JobName,
  dir: '/shared/my runs/1',
  resources: {gpus: 8, cpus: 16, memoryMb: 128_000, seconds: 50 * 3600, graceSeconds: 30},
};
const start = {flags: [], setup: ['module load apptainer'], scratch: '/local/$USER'};

test('Slurm: 8 H100 for 50 hours in a partition, with set-up lines and scratch', () => {
  const system = slurm({
    ...start,
    ...{partition: 'h100', account: 'ai', qos: 'long', constraint: 'nvlink', gpuType: 'h100'},
    ...{slackSeconds: 3600, user: 'me', accounting: true},
  });
  const {argv} = system.submit(job);
  expect(argv).toEqual(
    expect.arrayContaining([
      ...['--gres=gpu:h100:8', '--time=3061', '--cpus-per-task=16', '--mem=122071M', '--no-requeue'],
      ...['--partition=h100', '--account=ai', '--qos=long', '--constraint=nvlink'],
    ]),
  );
  expect(argv.at(-1)).toBe('/shared/my runs/1/start.sh');
  expect(system.files(job).get('start.sh')).toBe(
    `#!/bin/bash\nmodule load apptainer\nexport PTB_SCRATCH="/local/$USER"\nexec /bin/bash '/shared/my runs/1/job.sh'\n`,
  );
});

test.each([
  ['Batch job submission failed: Job violates accounting/QOS policy', 'AssocMaxSubmitJobLimit', true],
  ['Batch job submission failed: Job violates accounting/QOS policy', 'QOSMaxSubmitJobPerUserLimit', true],
  ['Batch job submission failed: Job violates accounting/QOS policy', 'QOSMaxWallDurationPerJobLimit', false],
  ['Batch job submission failed: Unable to contact slurm controller (connect failure)', '', true],
  ['Batch job submission failed: Invalid account or account/partition combination specified', '', false],
])('Slurm: "%s" (%s) passes by itself: %s', (said, limit, passes) => {
  const {isPassing} = slurm({...start, slackSeconds: 0, user: 'me', accounting: false});
  expect(isPassing(`sbatch: error: ${limit}\nsbatch: error: ${said}\n`)).toBe(passes);
});

test('HTCondor: 8 GPUs of a kind, a bid, requirements', () => {
  const system = htcondor({...start, bid: 50, requirements: 'HasApptainer', requireGpus: 'Capability >= 9.0'});
  expect(system.submit(job).argv).toEqual(['condor_submit_bid', '50', '/shared/my runs/1/job.sub']);
  const text = system.files(job).get('job.sub')!;
  for (const line of ['request_gpus = 8', 'require_gpus = Capability >= 9.0', 'requirements = HasApptainer'])
    expect(text.split('\n')).toContain(line);
});

const ads = (...some: readonly object[]): string =>
  JSON.stringify(some.map((ad) => ({PtbJob: 'ptb-x', ClusterId: 1, ProcId: 0, ...ad})));

test.each([
  [{JobStatus: 3, RemoveReason: 'via condor_rm (by user me)'}, 'cancelled'],
  [{JobStatus: 3, RemoveReason: 'The job attribute PeriodicRemove expression … evaluated to TRUE'}, 'taken'],
  [
    {JobStatus: 3, RemoveReason: '… PeriodicRemove …', LastHoldReason: 'over memory', LastHoldReasonCode: 34},
    'out-of-memory',
  ],
  [{JobStatus: 4, NumJobStarts: 2}, 'taken'],
  [{JobStatus: 4, NumJobStarts: 1}, undefined],
])('HTCondor: what befell a job in its history: %j', (ad, fate) => {
  const [entry] = htcondor({...start}).parseHistory(ads(ad))!;
  expect(entry).toMatchObject({state: 'ended'});
  expect(entry!.fate).toBe(fate);
});
