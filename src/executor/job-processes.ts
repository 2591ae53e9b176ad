/**
 * The numbers of processes are given in turn. So soon after a phase began, and with so few given since, none was given twice:
 * its processes are among those, and the others need no look.
 */
const FEW = 200;
const FEW_MS = 5000;

/** bash: finds the processes of a phase and ends them, daemons included. Reads nothing but /proc, or ps where there is no /proc. */
export const PROCESS_TREE = `
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
  local file last pid mark=PTB_STEP=$dir/step.json
  read -r file file file file last 2>/dev/null </proc/loadavg || last=0
  ticks
  if [ $((tick - phase_tick)) -lt ${FEW_MS} ] && [ $((last -= child)) -ge 0 ] && [ $last -lt ${FEW} ]; then
    for ((pid = child; last >= 0; pid++, last--)); do
      [ -d "/proc/$pid" ] || continue
      while IFS= read -r -d '' file; do
        [ "$file" != "$mark" ] || pids="$pids $pid"
      done 2>/dev/null <"/proc/$pid/environ"
    done
    return
  fi
  for file in $(grep -lsF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    file=\${file#/proc/}
    pids="$pids \${file%%/*}"
  done
}

nap() { # $1 seconds; no program for it where descriptor 6 is one that never says anything
  if [ -n "$idle" ]; then read -r -t "$1" <&6; else sleep "$1"; fi
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

end() { # TERM, $grace tenths of a second, KILL
  local n
  signal TERM
  for ((n = 0; n < grace; n++)); do
    kill -0 "$child" 2>/dev/null || return
    nap 0.1
  done
  signal KILL
}`;

/** bash: runs one phase, and watches over its time and memory. */
export const PHASES = `
watch() { # ends the phase $1 ms after now (0: never), keeps the highest memory seen, and shows that the job lives
  local limit=$1 nap=250 peak=0 from rest pause
  trap - TERM
  from=$tick
  while :; do
    rest=$nap
    [ "$limit" -gt 0 ] && [ $((from + limit - tick)) -lt $rest ] && rest=$((from + limit - tick))
    printf -v pause '%d.%03d' $((rest / 1000)) $((rest % 1000))
    [ $rest -gt 0 ] && nap "$pause"
    ticks
    if [ "$limit" -gt 0 ] && [ $((tick - from)) -ge "$limit" ]; then
      : >claimed/time
      end
      return
    fi
    if ! kill -0 "$me" 2>/dev/null; then # the script was killed alone: nobody else is left to end the phase
      signal KILL
      return
    fi
    printf '%s\\n' $tick >claimed/beat
    tree
    if [ $rss -gt $peak ]; then
      peak=$rss
      printf '%s\\n' $((peak / 1000)) >claimed/memory
    fi
    if exceeds; then
      end_at_once
      return
    fi
    if [ -n "\${eager-}" ]; then nap=250; elif [ $nap -lt 5000 ]; then nap=$((nap * 2)); fi
    ticks
  done
}

attempt() { # runs phase $1 in a process group of its own, $2 ms at most, its output to 3 and 4; $3: how its processes end
  local watcher stdin=/dev/null
  ends=$3
  if [ "$ends" = forwards ]; then # a container ends with its stdin: open until its client dies
    stdin=claimed/alive
    [ -p $stdin ] || mkfifo -m 600 $stdin
  fi
  ticks; phase_tick=$tick
  set -m
  ("$1") <>"$stdin" >&3 2>&4 3>&- 4>&- 5>&- 6>&- 8>&- 9>&- &
  child=$!
  watch "$2" </dev/null >/dev/null 2>&1 9>&- &
  watcher=$!
  set +m
  [ "$ended_by" = itself ] || end # cancelled before it began
  while interrupted=''; wait "$child"; code=$?; [ -n "$interrupted" ]; do :; done
  if [ -e claimed/time ]; then
    ended_by=time
    wait "$watcher"
  elif [ -e claimed/over ]; then
    wait "$watcher"
  else
    kill -s KILL -- "-$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null
  fi
  if [ "$ends" = open ]; then leftovers; elif [ "$code" -ge 125 ]; then remove; fi # what the phase left behind
}`;
