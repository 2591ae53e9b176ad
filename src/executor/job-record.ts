/**
 * bash: what time it is, whose the job is, and how the kernel fared with memory. Reads nothing but /proc. `claim` is the making
 * of `claimed/owner`, which only one can: no program is started for it.
 */
export const CLOCKS_AND_CLAIM = `
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

claim() { # pid, ticks from boot to its start, which with the boot id tell a reused pid, host, session
  local stat start=- session=- boot=-
  me=\${BASHPID:-$$} # $$ is the launcher's in a job that it started; bash 3.2 starts each by itself
  [ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
  if read -r stat 2>/dev/null <"/proc/$me/stat"; then
    set -- \${stat##*) }
    session=$4 start=\${20}
  fi
  [ -d claimed ] || mkdir -p claimed
  set -C
  printf '%s %s %s %s %s\\n' "$me" "$start" "$boot" "\${HOSTNAME:-unknown}" "$session" 2>/dev/null >claimed/owner ||
    { [ -e claimed/owner ]; exit; } # submitted twice: the other one works
  set +C
  oom_kills
  kills_before=$kills
  clock; ticks
  started=$now first_tick=$tick
}

oom_kills() { # how many processes the kernel has killed for memory since boot, in $kills; $oom_line: where /proc/vmstat says it
  local line=() all='' count='oom_kill ([0-9]+)'
  kills=0
  if [ -n "$oom_line" ]; then
    mapfile -t -s "$oom_line" -n 1 line
    kills=\${line[0]#oom_kill }
  elif read -r -d '' all; [[ $all =~ $count ]]; then
    kills=\${BASH_REMATCH[1]}
  fi 2>/dev/null </proc/vmstat
}
oom_line=''`;

/** bash 4: finds the line of which {@link CLOCKS_AND_CLAIM} speaks, for a shell that asks often. */
export const FIND_OOM_LINE = `
mapfile -t all </proc/vmstat
for n in "\${!all[@]}"; do case \${all[n]} in 'oom_kill '*) oom_line=$n ;; esac; done
unset all n`;

/** bash: `record` writes how the job ended, in one write: a part of it, which a full disk may leave, is no record. */
export const EXIT_RECORD = `
record() { # the last act
  local memory=null gpus='[]'
  hold_to
  search_rest
  cut_logs
  clock; ticks
  [ $run_tick = null ] || run_tick=$((tick - run_tick))
  [ -r claimed/gpus ] && read -r gpus <claimed/gpus
  [ "$code" != 137 ] || oom_kills
  [ -z "$scratch" ] || { give_back; clock; ticks; }
  [ -r claimed/memory ] && read -r memory <claimed/memory
  case $memory in '' | *[!0-9]*) memory=null ;; esac # the watcher was ended while it wrote
  printf '{"version":1,"phase":"%s","endedBy":"%s","code":%d,"started":%s,"runStarted":%s,"ended":%s,"wallMs":%d,"activeMs":%s,"memoryMb":%s,"oomKills":%d,"diskFull":%s,"gpus":%s,"redacted":%s,"host":"%s"}\\n' \\
    "$1" "$ended_by" "$code" "$started" "$run_started" "$now" $((tick - first_tick)) "$run_tick" "$memory" $((kills - kills_before)) $disk_full "$gpus" "$redacted" "\${HOSTNAME:-unknown}" >exit.json
  exit 0
}`;
