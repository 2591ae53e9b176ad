import {suggest} from '../../base/suggest.js';
import type {ExecutorSettings} from '../../config/pipeline.js';
import {fail, listed, ok, warn, type Finding} from './finding.js';

export type Cluster = Exclude<ExecutorSettings['use'], 'local'>;

/** What jobs are submitted, watched and ended with; the query shows whether the cluster answers. */
export const CLIENTS: Readonly<
  Record<Cluster, {readonly title: string; readonly commands: readonly string[]; readonly query: readonly string[]}>
> = {
  slurm: {
    title: 'Slurm',
    commands: ['sbatch', 'squeue', 'scancel', 'sinfo'],
    query: ['sinfo', '--noheader', '--format=%R|%a'],
  },
  htcondor: {
    title: 'HTCondor',
    commands: ['condor_submit', 'condor_q', 'condor_rm', 'condor_status'],
    query: ['condor_status', '-total'],
  },
};

/** `isThere`: whether a command is on PATH. */
export function clientFindings({use, bid}: ExecutorSettings, isThere: (command: string) => boolean): Finding[] {
  if (use === 'local') return [];
  const {title, commands} = CLIENTS[use];
  const missing = [...commands, ...(bid === undefined ? [] : ['condor_submit_bid'])].filter((name) => !isThere(name));
  if (missing.length === 0) return [ok(title, 'its commands are on PATH')];
  const text = `${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} not on PATH`;
  return [fail(title, text, `run ptb where jobs are submitted from, or load ${title}'s module there`)];
}

export type Answer = {readonly code: number | undefined; readonly stdout: string; readonly stderr: string};

/** What the cluster answers; undefined where it does not in time. */
export function answerFindings({use, partition}: ExecutorSettings, answer: Answer | undefined): Finding[] {
  if (use === 'local') return [];
  const {title, query} = CLIENTS[use];
  if (answer?.code !== 0) {
    const because = answer === undefined ? 'not in time' : (answer.stderr.trim().split('\n').at(-1) ?? '');
    return [fail(title, `it does not answer: ${because}`, `see that "${query.join(' ')}" answers here`)];
  }
  if (use !== 'slurm') return [ok(title, 'it answers')];
  const partitions = new Map(
    answer.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('|') as [string, string]),
  );
  if (partition === undefined) return [ok(title, `it answers; partitions: ${[...partitions.keys()].join(', ')}`)];
  const state = partitions.get(partition);
  if (state === undefined) {
    return [fail(title, `it has no partition "${partition}"`, suggest(partition, [...partitions.keys()]))];
  }
  if (state === 'up') return [ok(title, `it answers; partition ${partition} is up`)];
  return [warn(title, `partition ${partition} is ${state}`, 'jobs wait in the queue until it is up')];
}

/** File systems that other machines do not see: what statfs(2) calls them. */
const LOCAL_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
  [0x2fc12fc1, 'zfs'],
]);

/** `type`: of the file system that `path` is on. */
export function sharedFinding({use}: ExecutorSettings, path: string, type: number): Finding[] {
  if (use === 'local') return [];
  const name = LOCAL_FILE_SYSTEMS.get(type);
  if (name === undefined) return [ok('shared files', `${path} is not on a disk of this machine alone`)];
  const text = `${path} is on ${name}, which other machines mostly do not see`;
  return [
    warn(
      'shared files',
      text,
      'move the project to a file system that all machines of the cluster mount at the same path',
    ),
  ];
}
