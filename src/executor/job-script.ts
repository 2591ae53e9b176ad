import {quote, type Argv} from '../base/argv.js';
import {sha256} from '../base/canonical.js';
import type {Carry, Ends} from '../sandbox/sandbox.js';
import {BOUNDS, type Bounds} from './bounds.js';
import {PHASES, PROCESS_TREE} from './job-processes.js';
import {CLOCKS_AND_CLAIM, EXIT_RECORD} from './job-record.js';
import {TELEMETRY} from './job-telemetry.js';
import {NOT_READY} from './not-ready.js';
import {REDACTION, type Redaction} from './redaction.js';
import {SCRATCH, type Scratch} from './scratch.js';

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

const phaseFunction = (name: string, {command, workdir, environment}: Phase, more = ''): string => `
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

/** bash: the course of a job whose variables and phases are set. */
const COURSE = `
run_started=null run_tick=null ended_by=itself disk_full=false redacted=null child='' code=0 ends=open page_kb='' filter='' scratch=''

phase() { # the phase $1, for at most $2 ms, its processes ending as $3 says; back only from one that ended well
  attempt "$@"
  [ "$code" = 0 ] && [ "$ended_by" = itself ] || record prepare
}

main() {
  local sampler=''
  set -u
  ulimit -c 0 # a dump of memory would hold the secrets
  cd "$dir" || exit 70
  claim
  trap 'ended_by=cancel interrupted=yes; [ -z "$child" ] || end' TERM
  trap '' HUP INT
  if [ -n "$secrets" ]; then
    [ -f secrets ] && . ./secrets && rm -f secrets
    export $secrets
  fi
  [ -z "$scratch_name" ] || [ -z "\${PTB_SCRATCH+x}" ] || take_scratch "$PTB_SCRATCH" || record prepare
  exec 3>>stdout.log 4>>stderr.log
  [ -z "$forms" ] || [ ! -f "$forms" ] || redact || record prepare
  [ -z "$prepares" ] || phase prepare 0 open
  [ -n "$run_ends" ] || record prepare
  [ -z "$guards" ] || phase guard ${GUARD_MS} "$run_ends"
  clock
  run_started=$now deadline=$((now / 1000 + (run_ms + 999) / 1000))
  if [ -n "$guards" ]; then
    set -m
    telemetry </dev/null 9>&- & sampler=$!
    set +m
  fi
  attempt run "$run_ms" "$run_ends"
  run_tick=$phase_tick
  [ -z "$sampler" ] || kill -s KILL -- "-$sampler" 2>/dev/null
  record run
}`;

/**
 * bash: what every job's script does alike. A shell that starts many jobs reads it once ({@link Launcher}): to read it takes as
 * long as to start bash.
 */
const FUNCTIONS = [
  CLOCKS_AND_CLAIM,
  PROCESS_TREE,
  PHASES,
  TELEMETRY,
  EXIT_RECORD,
  NOT_READY,
  SCRATCH,
  BOUNDS,
  REDACTION,
  COURSE,
].join('\n');

/** Told apart from those of another version of ptb, which may have composed a job that this one starts. */
const EDITION = sha256(FUNCTIONS).slice(0, 12);

/** bash: sets the functions, and says so. */
export const SET_FUNCTIONS = `${FUNCTIONS}\nptb_functions=${EDITION}\n`;

const HEADING = '# The same in every job:';

const array = (words: readonly string[]): string => `(${words.map(quote).join(' ')})`;

/** The text of `job.sh`: bash 3.2 and later, no other program of ours on the compute node. */
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
[ -n "\${PTB_CLEAN-}" ] ||
  exec env -i PTB_CLEAN=1 HOME=/ SHELL=/bin/sh PATH="$PATH" CUDA_VISIBLE_DEVICES="\${CUDA_VISIBLE_DEVICES-}" \\
    \${PTB_SCRATCH+PTB_SCRATCH="$PTB_SCRATCH"} bash "$0"
unset PTB_CLEAN SHELL
export -n PTB_SCRATCH
[ -n "\${CUDA_VISIBLE_DEVICES-}" ] || unset CUDA_VISIBLE_DEVICES
export LC_ALL=C LANG=C.UTF-8
[ "\${ptb_functions-}" = ${EDITION} ] || eval "$(sed -n '/^${HEADING}$/,$p' "\${BASH_SOURCE[0]}")"

idle=\${idle-}
dir=${quote(dir)}
secrets=${quote(secrets.join(' '))}
grace=${Math.max(1, Math.round((run?.graceSeconds ?? 10) * 10))} # tenths of a second
most_processes=${bounds?.processes ?? "''"} most_log_mb=${bounds?.logMb ?? 0} free_mb=${bounds?.disk.freeMb ?? "''"} least_mb=${bounds?.disk.leastMb ?? 0}
disk_parts=${array(bounds?.disk.parts ?? [])}
attempts=${quote(bounds?.disk.attempts ?? '')}
scratch_name=${quote(scratch?.name ?? '')}
scratch_parts=${array(scratch?.parts ?? [])}
scratch_keep=${array(scratch?.keep ?? [])}
forms=${quote(redaction?.forms ?? '')}
redactor=${quote(redaction?.program ?? '')}
secret_folders=${array(redaction?.folders ?? [])}
work=${quote(scratch?.parts[0] ?? redaction?.folders[0] ?? '')}
prepares=${prepare ? 'yes' : "''"} guards=${guard ? 'yes' : "''"} run_ends=${run?.ends ?? "''"} run_ms=${Math.round((run?.seconds ?? 0) * 1000)}
${run?.beside ? reachingBeside(run.beside, run.carry?.own ?? []) : ''}${prepare ? phaseFunction('prepare', prepare) : ''}${guard ? phaseFunction('guard', guard, beforeGuard(run?.carry)) : ''}${run ? phaseFunction('run', run, beforeRun(run, secrets)) : ''}
main
exit 70

${HEADING}
${SET_FUNCTIONS}`;

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
