#!/usr/bin/env bash
# Daemons of a lab part: started detached, found again and ended by pid and start time. Sourced after lib.sh, with DIR set.

# start_time PID: field 22 of /proc/PID/stat; fails for a process that has ended.
start_time() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [ "$1" != Z ] && printf '%s' "${20}"
}

# spawn NAME COMMAND...: log in $DIR/log/NAME.out, pid in $DIR/pid/NAME.
spawn() {
  local name=$1
  shift
  setsid "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 9>&- &
  printf '%s %s\n' $! "$(start_time $!)" >"$DIR/pid/$name"
}

# pid_of NAME: its pid, if that very process still runs.
pid_of() {
  local pid start
  read -r pid start 2>/dev/null <"$DIR/pid/$1" || return 1
  [ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ] && printf '%s' "$pid"
}

# send SIGNAL NAME, and wait until it has ended where the signal ends it.
send() {
  local pid n
  pid=$(pid_of "$2") || return 0
  kill -s "$1" "$pid" 2>/dev/null
  case $1 in STOP | CONT) return 0 ;; esac
  for ((n = 0; n < 200; n++)); do
    pid_of "$2" >/dev/null || return 0
    sleep 0.05
  done
  kill -s KILL "$pid"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}
