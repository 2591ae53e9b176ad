import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {LAB_BIN, USER} from '../lab/lab.js';
import {workersBelow} from '../rig/processes.js';
import {newProject, type Project} from '../rig/project.js';
import type {Kind} from './systems.js';

/** A project whose jobs go to a batch system of the lab: as root on Slurm, as the ordinary user on HTCondor. */
export async function newClusterProject(
  kind: Kind,
  executor: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Project> {
  const project = await newProject(workersBelow);
  project.env.PATH = `${LAB_BIN}:${process.env.PATH!}`;
  if (kind === 'htcondor') project.dropRights(USER.uid);
  project.pipeline({
    executor: {use: kind, poll: '0.5s', lag: '3s', ...(kind === 'slurm' ? {accounting: true} : {}), ...executor},
    ...settings,
  });
  return {
    ...project,
    async [Symbol.asyncDispose]() {
      await project.ptb('pipeline', 'stop').ended;
      await project[Symbol.asyncDispose]();
    },
  };
}

/** A verb of the lab's script: `lab('slurm', 'kill-ctld')`. */
export const lab = async (kind: Kind, ...args: readonly string[]): Promise<void> => {
  await execa('bash', [fileURLToPath(new URL(`../lab/${kind}.sh`, import.meta.url)), ...args]);
};

/** A client of a batch system, as the user that submits; its stdout. */
export const client = async (program: string, ...args: readonly string[]): Promise<string> => {
  const {stdout} = await execa(`${LAB_BIN}/${program}`, args, {all: true});
  return stdout;
};

/** What the queue calls a job of ours. */
export async function idOf(kind: Kind, name: unknown): Promise<string> {
  const job = String(name);
  if (kind === 'slurm') return (await client('squeue', '--noheader', '--format=%i', `--name=${job}`)).trim();
  return (await client('condor_q', '-constraint', `PtbJob == "${job}"`, '-af:j', 'Owner')).trim().split(' ')[0]!;
}

/** How many submissions of a job the queue has seen. */
export async function submissionsOf(kind: Kind, name: unknown): Promise<number> {
  const job = String(name);
  const lines = async (program: string, ...args: string[]): Promise<number> =>
    (await client(program, ...args)).split('\n').filter(Boolean).length;
  if (kind === 'slurm') return lines('squeue', '--noheader', '--states=all', '--format=%i', `--name=${job}`);
  const where = ['-constraint', `PtbJob == "${job}"`, '-af', 'ClusterId'];
  return (await lines('condor_q', ...where)) + (await lines('condor_history', '-limit', '10', ...where));
}
