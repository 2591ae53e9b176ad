/** What a job may take of a machine on which others work too. Who takes more is ended. */
export type Bounds = {
  /** Processes at once. */
  readonly processes: number;
  /** Size of each of its two logs, in MB. */
  readonly logMb: number;
  readonly disk: {
    /** The folders that it writes. */
    readonly parts: readonly string[];
    /** The folder below which the attempts of all jobs lie, three levels down. */
    readonly attempts: string;
    /** The disk is full when less than so many MB are free; absent: a hundredth of it, 1 GB at most. */
    readonly freeMb?: number;
    /** A job that holds less is none whose end would help. */
    readonly leastMb: number;
  };
};

/** Two watchers look at least this often, in ms: who finds the disk full waits for what the others say that they hold. */
const ALL_HAVE_LOOKED_MS = 6000;

/** What stays of each end of a log that was too long, in bytes. */
const LOG_END = 1_000_000;

/**
 * bash: `exceeds` leaves in $over which bound the job has passed, and answers whether it has; `hold_to` draws the consequences
 * when it has ended, and `cut_logs` when its logs are whole. Everything is told by names of empty files: a full disk takes those.
 */
export const BOUNDS = `
over='' full_since='' eager=''

crowded() { # no fork: there may be no process left to have
  local stat pid parent=() ours=() n=0 round
  set -- /proc/[0-9]*
  [ $# -gt "$most_processes" ] || return 1
  for stat; do
    pid=\${stat#/proc/}
    read -r stat 2>/dev/null <"$stat/stat" || continue
    stat=\${stat##*) } stat=\${stat#* }
    parent[pid]=\${stat%% *}
  done
  ours[child]=1
  for round in 1 2; do # numbers begin anew some time: then a child's is the smaller one
    for pid in "\${!parent[@]}"; do
      [ -z "\${ours[pid]-}" ] && [ -n "\${ours[parent[pid]]-}" ] || continue
      ours[pid]=1
      [ $((n += 1)) -le "$most_processes" ] || return 0
    done
  done
  return 1
}

talks() { # a log that is growing towards its end is looked at often
  eager=''
  [ -z "$(find stdout.log stderr.log -size +$(((most_log_mb + 19) / 20 * 1000))k 2>/dev/null)" ] && return 1
  eager=yes
  [ -n "$(find stdout.log stderr.log -size +$((most_log_mb * 1000))k 2>/dev/null)" ]
}

full_disk() { # its name in $full; a local one has that of the machine before it
  local device total used free rest floor
  full=''
  while read -r device total used free rest; do
    case $total$free in '' | *[!0-9]*) continue ;; esac
    floor=$((total / 100 < 1000000 ? total / 100 : 1000000))
    [ -z "$free_mb" ] || floor=$((free_mb * 1000))
    [ "$free" -ge $floor ] || case $device in *:*) full=\${device//\\//_} ;; *) full=\${HOSTNAME-}\${device//\\//_} ;; esac
  done < <(df -Pk . "\${disk_parts[0]}/." 2>/dev/null)
  [ -n "$full" ]
}

holds() { # kB of the job on disk, in $held, what has no name any more included
  local kb rest pid open=()
  held=0
  find -H "\${disk_parts[@]}" -xdev -type d ! -perm -700 -exec chmod u+rwx {} \\; 2>/dev/null
  while read -r kb rest; do held=$((held + kb)); done < <(du -skx stdout.log stderr.log "\${disk_parts[@]/%//.}" 2>/dev/null)
  for pid in $pids; do open+=("/proc/$pid/fd"); done
  [ \${#open[@]} = 0 ] || while read -r kb rest; do held=$((held + kb)); done < <(
    find -L "\${open[@]}" -maxdepth 1 -type f -links 0 -printf '%k %D %i\\n' 2>/dev/null | sort -u)
  rm -f claimed/held-*
  : >"claimed/held-$held-$full"
}

holds_most() { # of all that say so on this disk
  local other
  [ $held -ge $((least_mb * 1000)) ] || return 1
  while read -r other; do
    other=\${other##*/held-}
    [ "\${other%%-*}" -le $held ] || return 1
  done < <(find "$attempts"/*/*/*/claimed/held-*-"$full" -prune -mmin -2 2>/dev/null)
}

fills_disk() {
  if ! full_disk; then
    full_since=''
    return 1
  fi
  eager=yes
  holds
  [ -n "$full_since" ] || full_since=$tick
  [ $((tick - full_since)) -ge ${ALL_HAVE_LOOKED_MS} ] && holds_most
}

exceeds() { # $pids are the job's
  over=''
  [ -n "$most_processes" ] || return 1
  if crowded; then over=processes
  elif talks; then over=log
  elif fills_disk; then over=disk
  fi
  [ -n "$over" ]
}

end_at_once() { # what is stopped makes no more of its kind
  : >claimed/over
  : >"claimed/over-$over"
  signal STOP
  signal KILL
}

cut_log() {
  [ -n "$(find "$1" -size +$((most_log_mb * 1000))k 2>/dev/null)" ] || return 0
  { head -c ${LOG_END} "$1"; printf '\\n[ptb: cut here, it had %d bytes]\\n' "$(wc -c <"$1")"; tail -c ${LOG_END} "$1"; } >"$1.cut" &&
    mv "$1.cut" "$1"
}

give_room() { # the biggest files of who filled the disk go, until it is no longer full; stderr.log says which
  local kb path
  while IFS=' ' read -r -d '' kb path; do
    full_disk || break
    rm -f -- "$path" && printf 'ptb: removed %q (%d kB): the disk was full\\n' "$path" "$kb" >>stderr.log
  done < <(find -H "\${disk_parts[@]}" -xdev -type f -size +1000k -printf '%k %p\\0' 2>/dev/null | sort -zrn)
}

hold_to() { # what the job's end comes to
  local over
  [ -n "$most_processes" ] || return 0
  [ ! -e claimed/over ] || for over in processes log disk; do
    [ ! -e "claimed/over-$over" ] || ended_by=$over
  done
  if [ "$ended_by" = itself ] && [ "$code" != 0 ] && full_disk; then
    pids=''
    holds
    if holds_most; then ended_by=disk; else disk_full=true; fi
  fi
  [ "$ended_by" != disk ] || give_room
}

cut_logs() { # when nobody writes to them any more
  case $ended_by in log | disk) cut_log stdout.log; cut_log stderr.log ;; esac
}`;
