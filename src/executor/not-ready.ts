/** bash: `not_ready` ends a job for a reason that is its machine's. $work: its working directory, where the reason is looked for. */
export const NOT_READY = `
not_ready() { # $1: why; the machine's failure
  [ -d "$work" ] || mkdir "$work"
  printf '{"class":"not-ready","because":"%s"}' "\${1//[\\"\\\\[:cntrl:]]/ }" >"$work/failure.json"
  echo "$1" >>stderr.log
  ended_by=itself code=75
}`;
