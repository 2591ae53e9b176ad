import {quote, type Argv} from '../base/argv.js';
import type {Carry, Ends} from '../sandbox/sandbox.js';
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
  /** Names of the secrets in the file `secrets`, which the job reads and removes. */
  readonly secrets: readonly string[];
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

/** Seconds between two lines of telemetry of a GPU. */
const TELEMETRY_SECONDS = 10;

/** The text of \`job.sh\`: bash 3.2 and later, no other program of ours on the compute node. */
export const jobScript = ({
  title,
  dir,
  prepare,
  guard,
  run,
  scratch,
  secrets,
}: JobScript): string => `#!/usr/bin/env bash
# ${title}
# To run this attempt by hand: rm -rf claimed exit.json; bash job.sh
if [ -z "\${PTB_CLEAN-}" ]; then
  exec env -i PTB_CLEAN=1 HOME=/ SHELL=/bin/sh PATH="$PATH" CUDA_VISIBLE_DEVICES="\${CUDA_VISIBLE_DEVICES-}" \\
    \${PTB_SCRATCH+PTB_SCRATCH="$PTB_SCRATCH"} bash "$0"
fi
unset PTB_CLEAN SHELL
export -n PTB_SCRATCH
[ -n "\${CUDA_VISIBLE_DEVICES-}" ] || unset CUDA_VISIBLE_DEVICES
set -u
ulimit -c 0 # a dump of memory would hold the secrets
export LC_ALL=C LANG=C.UTF-8
cd ${quote(dir)} || exit 70
mkdir claimed 2>/dev/null || { [ -d claimed ]; exit; } # submitted twice: the other one works
${head(dir, run?.graceSeconds ?? 10, scratch !== undefined)}
${scratch ? scratchScript(scratch) : ''}
${run?.beside ? reachingBeside(run.beside, run.carry?.own ?? []) : ''}
${secrets.length > 0 ? `[ -f secrets ] && . ./secrets && rm -f secrets\nexport ${secrets.join(' ')}` : ''}
${prepare ? phase('prepare', prepare) : ''}${guard ? phase('guard', guard, beforeGuard(run?.carry)) : ''}${run ? phase('run', run, beforeRun(run, secrets)) : ''}
${scratch ? `scratch=''\n[ -z "\${PTB_SCRATCH+x}" ] || take_scratch "$PTB_SCRATCH" || record prepare` : ''}
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

/**
 * The numbers of processes are given in turn. So soon after a phase began, and with so few given since, none was given twice:
 * its processes are among those, and the others need no look.
 */
const FEW = 200;
const FEW_MS = 5000;

/** Clock, process tree, time limit and exit record. Reads nothing but /proc, or ps where there is no /proc. */
const head = (dir: string, graceSeconds: number, givesBack: boolean): string => `
clock() { # epoch milliseconds in $now; no fork where bash is 5 or later
  if [ -n "\${EPOCHREALTIME-}" ]; then now=\${EPOCHREALTIME/[.,]/}; now=\${now%???}; else now=$(date +%s)000; fi
}

ticks() { # milliseconds in $tick by a clock that nobody sets; the wall clock where there is no /proc
  local up rest
  if read -r up rest 2>/dev/null </proc/uptime; then
    tick=$((10#\${up/./} * 10))
  else
    clock
    tick=$now
  fi
}

starttime() { # of process $1 in $start: ticks since boot, which with the boot id tells a reused pid
  start=-
  local stat
  if read -r stat 2>/dev/null <"/proc/$1/stat"; then
    set -- \${stat##*) }
    start=\${20}
  fi
}

boot=-
[ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
starttime $$
printf '%s %s %s %s\\n' $$ "$start" "$boot" "\${HOSTNAME:-unknown}" >claimed/owner

oom_kills() { # how many processes the kernel has killed for memory since boot, in $kills
  local all='' count='oom_kill ([0-9]+)'
  kills=0
  read -r -d '' all 2>/dev/null </proc/vmstat
  [[ ! $all =~ $count ]] || kills=\${BASH_REMATCH[1]}
}
oom_kills
kills_before=$kills

clock; ticks
started=$now first_tick=$tick run_started=null run_tick=null ended_by=itself child='' code=0 ends=open page_kb=''

tree() { # the descendants of $child in $pids, their resident memory in $rss (kB)
  local pid ppid size stat known=" $child " grew=1 table=''
  if [ -d /proc/self ]; then
    [ -n "$page_kb" ] || page_kb=$(($(getconf PAGESIZE) / 1024))
    for stat in /proc/[0-9]*/stat; do
      read -r stat 2>/dev/null <"$stat" || continue
      pid=\${stat%% *}
      set -- \${stat##*) }
      table="$table$pid $2 $((\${22} * page_kb))
"
    done
  else
    table=$(ps -A -o pid=,ppid=,rss=)
  fi
  pids='' rss=0
  while [ $grew = 1 ]; do
    grew=0
    while read -r pid ppid size; do
      case $known in *" $pid "*) continue ;; esac
      case $known in *" $ppid "*) known="$known$pid " pids="$pids $pid" rss=$((rss + size)) grew=1 ;; esac
    done <<END
$table
END
  done
}

daemons() { # adds to $pids what left the tree: it still carries this attempt in its environment
  local file last pid
  read -r file file file file last 2>/dev/null </proc/loadavg || last=0
  ticks
  if [ $((tick - phase_tick)) -lt ${FEW_MS} ] && [ $((last -= child)) -ge 0 ] && [ $last -lt ${FEW} ]; then
    for ((pid = child; last >= 0; pid++, last--)); do
      [ -d "/proc/$pid" ] || continue
      while IFS= read -r -d '' file; do
        [ "$file" != ${quote(`PTB_STEP=${dir}/step.json`)} ] || pids="$pids $pid"
      done 2>/dev/null <"/proc/$pid/environ"
    done
    return
  fi
  for file in $(grep -lsF ${quote(`PTB_STEP=${dir}/step.json`)} /proc/[0-9]*/environ 2>/dev/null); do
    file=\${file#/proc/}
    pids="$pids \${file%%/*}"
  done
}

term() { kill -s TERM "$child" 2>/dev/null; }
remove() { :; } # what KILL leaves of a sandbox

signal() { # $1 to every process of the phase; TERM goes past a sandbox that would take all down at once
  case $1-$ends in TERM-forwards) term; return ;; esac
  tree
  [ "$ends" != open ] || daemons
  case $1-$ends in TERM-reaps) ;; *) kill -s "$1" -- "-$child" 2>/dev/null ;; esac
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -s "$1" $pids 2>/dev/null
  [ "$1" = TERM ] || [ "$ends" = open ] || remove
}

leftovers() { # KILL to what goes on although the phase's first process has ended: it has no tree any more
  pids=''
  daemons
  kill -s KILL -- "-$child" 2>/dev/null
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -s KILL $pids 2>/dev/null
}

end() { # TERM, grace, KILL
  local n
  signal TERM
  for ((n = 0; n < ${Math.max(1, Math.round(graceSeconds * 10))}; n++)); do
    kill -0 "$child" 2>/dev/null || return
    sleep 0.1
  done
  signal KILL
}

watch() { # ends the phase $1 ms after now (0: never), keeps the highest memory seen, and shows that the job lives
  local limit=$1 nap=250 peak=0 from rest pause
  trap - TERM
  ticks; from=$tick
  while :; do
    rest=$nap
    ticks
    [ "$limit" -gt 0 ] && [ $((from + limit - tick)) -lt $rest ] && rest=$((from + limit - tick))
    printf -v pause '%d.%03d' $((rest / 1000)) $((rest % 1000))
    [ $rest -gt 0 ] && sleep "$pause"
    ticks
    if [ "$limit" -gt 0 ] && [ $((tick - from)) -ge "$limit" ]; then
      : >claimed/time
      end
      return
    fi
    if ! kill -0 $$ 2>/dev/null; then # the script was killed alone: nobody else is left to end the phase
      signal KILL
      return
    fi
    printf '%s\\n' $tick >claimed/beat
    tree
    if [ $rss -gt $peak ]; then
      peak=$rss
      printf '%s\\n' $((peak / 1000)) >claimed/memory
    fi
    [ $nap -ge 5000 ] || nap=$((nap * 2))
  done
}

attempt() { # runs phase $1 in a process group of its own, $2 ms at most; $3: how its processes end
  local watcher stdin=/dev/null
  ends=$3
  if [ "$ends" = forwards ]; then # a container ends with its stdin: open until its client dies
    stdin=claimed/alive
    [ -p $stdin ] || mkfifo -m 600 $stdin
  fi
  ticks; phase_tick=$tick
  set -m
  ("$1") <>"$stdin" >>stdout.log 2>>stderr.log 8>&- &
  child=$!
  watch "$2" </dev/null >/dev/null 2>&1 &
  watcher=$!
  set +m
  [ "$ended_by" = itself ] || end # cancelled before it began
  while interrupted=''; wait "$child"; code=$?; [ -n "$interrupted" ]; do :; done
  if [ -e claimed/time ]; then
    ended_by=time
    wait "$watcher"
  else
    kill -s KILL -- "-$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null
  fi
  if [ "$ends" = open ]; then leftovers; elif [ "$code" -ge 125 ]; then remove; fi # what the phase left behind
}

figure() { case $1 in '' | *[!0-9.]*) figure=null ;; *) figure=$1 ;; esac; }

telemetry() { # a line every ${TELEMETRY_SECONDS} s for each GPU of the job, until this group of processes is killed
  local gpu busy used total power figure
  trap - TERM
  nvidia-smi \${CUDA_VISIBLE_DEVICES:+-i "$CUDA_VISIBLE_DEVICES"} --format=csv,noheader,nounits -l ${TELEMETRY_SECONDS} \
    --query-gpu=uuid,utilization.gpu,memory.used,memory.total,power.draw 2>/dev/null |
    while IFS=, read -r gpu busy used total power; do
      kill -0 $$ 2>/dev/null || return # the script was killed alone
      clock
      printf '{"time":%s,"gpu":"%s"' "$now" "$gpu"
      figure "\${busy# }"; printf ',"utilization":%s' "$figure"
      figure "\${used# }"; printf ',"memoryMb":%s' "$figure"
      figure "\${total# }"; printf ',"totalMb":%s' "$figure"
      figure "\${power# }"; printf ',"watts":%s}\\n' "$figure"
    done >>telemetry.jsonl 2>/dev/null
}

record() { # the last act
  local memory=null gpus='[]'
  ticks
  [ $run_tick = null ] || run_tick=$((tick - run_tick))
  [ -r claimed/gpus ] && read -r gpus <claimed/gpus
  [ "$code" != 137 ] || oom_kills${givesBack ? '\n  give_back' : ''}
  [ -r claimed/memory ] && read -r memory <claimed/memory
  case $memory in '' | *[!0-9]*) memory=null ;; esac # the watcher was ended while it wrote
  clock; ticks
  printf '{"version":1,"phase":"%s","endedBy":"%s","code":%d,"started":%s,"runStarted":%s,"ended":%s,"wallMs":%d,"activeMs":%s,"memoryMb":%s,"oomKills":%d,"gpus":%s,"host":"%s"}\\n' \\
    "$1" "$ended_by" "$code" "$started" "$run_started" "$now" $((tick - first_tick)) "$run_tick" "$memory" $((kills - kills_before)) "$gpus" "\${HOSTNAME:-unknown}" >exit.json.tmp &&
    mv exit.json.tmp exit.json
  exit 0
}

trap 'ended_by=cancel interrupted=yes; [ -z "$child" ] || end' TERM
trap '' HUP INT`;
