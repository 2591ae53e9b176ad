import {quote, type Argv} from '../base/argv.js';
import type {Carry, Ends} from '../sandbox/sandbox.js';
import {boundsScript, UNBOUNDED, type Bounds} from './bounds.js';
import {phases, processTree} from './job-processes.js';
import {clocksAndClaim, exitRecord} from './job-record.js';
import {gpuTelemetry} from './job-telemetry.js';
import {notReadyScript} from './not-ready.js';
import {redactionScript, type Redaction} from './redaction.js';
import {scratchScript, type Scratch} from './scratch.js';

/** Variables of one phase, in order. */
export type Environment = readonly (readonly [name: string, value: string])[];

export type Phase = {readonly command: Argv; readonly workdir: string; readonly environment: Environment};

export type JobScript = {
  readonly title: string;
  /** The attempt's folder, absolute. */
  readonly dir: string;
  readonly prepare?: Phase;
  readonly run?: Phase & {
    readonly seconds?: number;
    readonly graceSeconds: number;
    readonly ends: Ends;
    readonly carry?: Carry;
    /** How to reach processes that are not below the sandbox program. */
    readonly beside?: {readonly term: Argv; readonly remove: Argv};
  };
  /** Looks at the machine before `run`; what it finds wanting is the machine's failure, and no time of the run's. */
  readonly guard?: Phase;
  /** What may lie on the machine's own disk, where the executor hands the job a folder there. */
  readonly scratch?: Scratch;
  /** What ends it, besides its time. */
  readonly bounds?: Bounds;
  /** Names of the secrets in the file `secrets`, which the job reads and removes. */
  readonly secrets: readonly string[];
  /** Absent where none of them can be searched for. */
  readonly redaction?: Redaction;
};

const phase = (name: string, {command, workdir, environment}: Phase, more = ''): string => `
${name}() {
  trap - HUP INT TERM
  cd ${quote(workdir)} || exit 70
  unset OLDPWD SHLVL
  export -n PWD LC_ALL
${environment.map(([variable, value]) => `  export ${variable}=${quote(value)}`).join('\n')}
${more}
  exec ${command.map(quote).join(' ')}
}
`;

/** Gives every variable the name under which it gets into the sandbox, and the sandbox program those that are its own. */
const carrying = ({prefix, own}: Carry, names: readonly string[]): string => `
${prefix === '' ? '' : renaming(prefix, names)}
${own.map(([name, value]) => `  export ${name}=${quote(value)}`).join('\n')}`;

const renaming = (prefix: string, names: readonly string[]): string => `
  for name in ${names.join(' ')}; do
    [ -z "\${!name+x}" ] || { export "${prefix}$name=\${!name}"; unset "$name"; }
  done`;

const reachingBeside = (commands: {readonly term: Argv; readonly remove: Argv}, own: Carry['own']): string =>
  Object.entries(commands)
    .map(([name, command]) => {
      const line = ['env', ...own.map(([variable, value]) => `${variable}=${value}`), ...command].map(quote).join(' ');
      return `${name}() { ${line} </dev/null >/dev/null 2>&1; }\n`;
    })
    .join('');

/** A driver that hangs is no reason to wait. */
const GUARD_MS = 180_000;

/** The text of \`job.sh\`: bash 3.2 and later, no other program of ours on the compute node. */
export const jobScript = ({
  title,
  dir,
  prepare,
  guard,
  run,
  scratch,
  bounds,
  secrets,
  redaction,
}: JobScript): string => `#!/usr/bin/env bash
# ${title}
# To run this attempt by hand: rm -rf claimed exit.json; bash job.sh
if [ -z "\${PTB_CLEAN-}" ]; then
  exec env -i PTB_CLEAN=1 HOME=/ SHELL=/bin/sh PATH="$PATH" CUDA_VISIBLE_DEVICES="\${CUDA_VISIBLE_DEVICES-}" \\
    \${PTB_SCRATCH+PTB_SCRATCH="$PTB_SCRATCH"} bash "$0"
fi
unset PTB_CLEAN SHELL
idle=\${PTB_IDLE-}
unset PTB_IDLE
export -n PTB_SCRATCH
[ -n "\${CUDA_VISIBLE_DEVICES-}" ] || unset CUDA_VISIBLE_DEVICES
set -u
ulimit -c 0 # a dump of memory would hold the secrets
export LC_ALL=C LANG=C.UTF-8
cd ${quote(dir)} || exit 70
${clocksAndClaim}
${processTree(dir, run?.graceSeconds ?? 10)}
${phases}
${guard ? gpuTelemetry : ''}
${exitRecord(scratch !== undefined, redaction !== undefined)}
${(scratch ?? redaction) ? notReadyScript(scratch?.parts[0] ?? redaction!.folders[0]) : ''}

trap 'ended_by=cancel interrupted=yes; [ -z "$child" ] || end' TERM
trap '' HUP INT
${scratch ? scratchScript(scratch) : ''}
${bounds ? boundsScript(bounds) : UNBOUNDED}
${run?.beside ? reachingBeside(run.beside, run.carry?.own ?? []) : ''}
${redaction ? redactionScript(redaction) : ''}
${secrets.length > 0 ? `[ -f secrets ] && . ./secrets && rm -f secrets\nexport ${secrets.join(' ')}` : ''}
${prepare ? phase('prepare', prepare) : ''}${guard ? phase('guard', guard, beforeGuard(run?.carry)) : ''}${run ? phase('run', run, beforeRun(run, secrets)) : ''}
${scratch ? `scratch=''\n[ -z "\${PTB_SCRATCH+x}" ] || take_scratch "$PTB_SCRATCH" || record prepare` : ''}
exec 3>>stdout.log 4>>stderr.log
${redaction ? `[ ! -f ${quote(redaction.forms)} ] || redact || record prepare` : ''}
${prepare ? `attempt prepare 0 open\n[ "$code" = 0 ] && [ "$ended_by" = itself ] || record prepare` : ''}
${guard ? `attempt guard ${GUARD_MS} ${run?.ends ?? 'open'}\n[ "$code" = 0 ] && [ "$ended_by" = itself ] || record prepare` : ''}
${run ? `clock; run_started=$now\nticks; run_tick=$tick\n${run.seconds === undefined ? '' : `deadline=$((now / 1000 + ${Math.ceil(run.seconds)}))\n`}${guard ? 'set -m; telemetry </dev/null & sampler=$!; set +m; ' : ''}attempt run ${Math.round((run.seconds ?? 0) * 1000)} ${run.ends}${guard ? '; kill -s KILL -- "-$sampler" 2>/dev/null' : ''}` : ''}
record ${run ? 'run' : 'prepare'}
`;

const beforeRun = (
  {seconds, carry, environment}: NonNullable<JobScript['run']>,
  secrets: readonly string[],
): string => {
  const deadline = seconds === undefined ? '' : '  export PTB_DEADLINE=$deadline';
  if (carry === undefined) return deadline;
  return `${deadline}${carrying(carry, carried(environment, secrets))}`;
};

const beforeGuard = (carry: Carry | undefined): string =>
  `  export GPUS="\${CUDA_VISIBLE_DEVICES-}"${carry ? carrying(carry, ['LANG', 'CUDA_VISIBLE_DEVICES']) : ''}`;

/** Names of the variables that get into a sandbox; `PATH` and `HOME` inside are for the sandbox to say. */
export const carried = (environment: Environment, secrets: readonly string[]): string[] => [
  ...environment.map(([name]) => name).filter((name) => name !== 'PATH' && name !== 'HOME'),
  ...['LANG', 'PTB_DEADLINE', 'CUDA_VISIBLE_DEVICES'],
  ...secrets,
];
