import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {quote, type Argv} from '../base/argv.js';
import {isObject} from '../base/json.js';
import type {Job, JobName, Onlooker, Report} from '../executor/executor.js';
import {readJson, readText, writeJson} from '../store/write.js';

/** `job.json` of the folder of a controller that is itself a job of a batch system. */
export type ControllerJob = {
  readonly version: 1;
  readonly name: string;
  readonly executor: string;
  /** ISO 8601, UTC. */
  readonly submitted: string;
};

/** CPU work alone: it polls, digests and writes. */
const RESOURCES = {gpus: 0, cpus: 1, graceSeconds: 30} as const;

export type ControllerRequest = {
  readonly record: ControllerJob;
  /** Of the project. */
  readonly root: string;
  readonly command: Argv;
  /** All variables that it runs with, secrets among them. */
  readonly environment: ReadonlyMap<string, string>;
  readonly seconds: number;
  readonly memoryMb: number;
};

/** Fills the folder of a controller with all that its job needs; what an earlier one left there goes. */
export function composeController(dir: string, request: ControllerRequest): Job {
  const {record, root, command, environment, seconds, memoryMb} = request;
  rmSync(dir, {recursive: true, force: true});
  mkdirSync(dir, {recursive: true, mode: 0o700});
  const lines = [...environment].map(([name, value]) => `${name}=${quote(value)}\n`);
  writeFileSync(join(dir, 'secrets'), lines.join(''), {mode: 0o600});
  writeFileSync(join(dir, 'job.sh'), script(dir, root, command), {mode: 0o755});
  writeJson(join(dir, 'job.json'), record);
  return {name: record.name as JobName, dir, resources: {...RESOURCES, seconds, memoryMb}};
}

/** TERM makes the controller leave; what it had submitted goes on. */
const script = (dir: string, root: string, command: Argv): string => `#!/usr/bin/env bash
[ -n "\${PTB_CLEAN-}" ] || exec env -i PTB_CLEAN=1 PATH="$PATH" bash "$0"
unset PTB_CLEAN
cd ${quote(dir)} || exit 70
mkdir claimed 2>/dev/null || exit 0 # submitted twice: the other one works
found=$PATH
set -a
. ./secrets
PATH=$PATH:$found
set +a
rm -f secrets
printf '%s - - %s\\n' $$ "\${HOSTNAME:-unknown}" >claimed/owner
printf -v started '%(%s)T000' -1
ended_by=itself child=''
trap 'ended_by=cancel; [ -z "$child" ] || kill -s TERM "$child"' TERM
(cd ${quote(root)} && exec ${command.map(quote).join(' ')}) </dev/null >>stdout.log 2>>stderr.log &
child=$!
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
printf -v ended '%(%s)T000' -1
printf '{"version":1,"phase":"run","endedBy":"%s","code":%d,"started":%s,"runStarted":%s,"ended":%s,"memoryMb":null,"oomKills":0,"host":"%s"}\\n' \\
  "$ended_by" "$code" "$started" "$started" "$ended" "\${HOSTNAME:-unknown}" >exit.json.tmp && mv exit.json.tmp exit.json
`;

/** A controller's job, with what its executor says of it. */
export type ControllerState = {
  readonly record: ControllerJob;
  readonly job: Job;
  readonly report: Report;
  readonly host?: string;
};

/** Undefined where none was ever submitted. */
export async function controllerJobAt(dir: string, executor: Onlooker): Promise<ControllerState | undefined> {
  const value = readJson(join(dir, 'job.json'));
  if (!isObject(value) || value.version !== 1 || typeof value.name !== 'string') return undefined;
  const record = value as unknown as ControllerJob;
  const job: Job = {name: record.name as JobName, dir, resources: {...RESOURCES, memoryMb: 0}};
  const report = (await executor.poll([job])).get(job.name) ?? {liveness: 'unknown'};
  const host = readText(join(dir, 'claimed', 'owner'))
    ?.trim()
    .split(' ')[3];
  return {record, job, report, ...(host === undefined ? {} : {host})};
}

/** Whether it may still do something: one that cannot be asked after may. */
export const mayControl = ({report}: ControllerState): boolean => !['gone', 'absent'].includes(report.liveness);

/** `job ptb-controller-… of slurm, running on node-7 since 2026-…` */
export function describeController({record, report, host}: ControllerState): string {
  const {liveness, because} = report;
  const where = liveness === 'running' && host !== undefined ? ` on ${host}` : '';
  const why = because === undefined ? '' : `: ${because}`;
  return `job ${record.name} of ${record.executor}, ${liveness}${where}, submitted ${record.submitted}${why}`;
}
