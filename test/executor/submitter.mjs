// Submits the job that argv describes as JSON to the executor of the given kind, and ends at once.
import {userInfo} from 'node:os';
import {batch} from '../../dist/executor/batch.js';
import {htcondor} from '../../dist/executor/htcondor.js';
import {local} from '../../dist/executor/local.js';
import {slurm} from '../../dist/executor/slurm.js';

const [job, kind] = [JSON.parse(process.argv[2]), process.argv[3]];
const {PATH, HOME} = process.env;
const settings = {maxJobs: 100, submitRate: 50, pollSeconds: 0.2, lagSeconds: 2};
const make = {
  local: () =>
    local({capacity: {cpus: 2, memoryMb: 200, gpus: 0}, gpus: [], leases: '', path: PATH, onExit: () => undefined}),
  slurm: () =>
    batch(slurm({flags: [], setup: [], slackSeconds: 60, user: userInfo().username, accounting: true}), settings, {
      PATH,
      HOME,
    }),
  htcondor: () => batch(htcondor({flags: [], setup: []}), settings, {PATH, HOME}),
};
const answer = await make[kind]().submit(job);
process.exit(answer.kind === 'accepted' ? 0 : 1);
