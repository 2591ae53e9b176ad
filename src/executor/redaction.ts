/** Of a job with secrets: what keeps them out of its logs and of what it leaves. */
export type Redaction = {
  /** `src/bin/redact.pl`, where the job finds it. */
  readonly program: string;
  /** What it looks for, a file that the job reads and removes. */
  readonly forms: string;
  /** What is searched when the job has ended; a machine's failure is told in the first. */
  readonly folders: readonly [work: string, ...others: string[]];
};

/**
 * bash: `redact` puts a filter between the job and its logs, in the descriptors 3 and 4, and `search_rest` waits for what it has
 * still to write and to search. The filter is no descendant of the job's command, ignores what ends the job, and holds the forms
 * in its memory alone. The pipes lose their names at once, so nobody else finds them; 5 tells that all has ended, since a process
 * that was left behind may hold a pipe open for ever.
 */
export const REDACTION = `
redact() {
  command -v perl >/dev/null ||
    { not_ready "there is no perl on \${HOSTNAME:-this machine}, which keeps secrets out of the logs"; return 1; }
  mkfifo -m 600 claimed/out claimed/err claimed/told &&
    exec 7<>claimed/out && exec 20<claimed/out 3>claimed/out &&
    exec 7<>claimed/err && exec 21<claimed/err 4>claimed/err &&
    exec 7<>claimed/told && exec 22<claimed/told 5>claimed/told ||
    { not_ready "no pipe can be made in $PWD"; return 1; }
  exec 7>&- 23<"$forms"
  rm -f claimed/out claimed/err claimed/told "$forms"
  set -m
  perl "$redactor" "\${secret_folders[@]}" <&20 >>stdout.log 2>>stderr.log 3<&21 4<&22 5<&23 20<&- 21<&- 22<&- 23<&- 9>&- &
  filter=$!
  set +m
  printf '%s\\n' $filter >claimed/filter
  exec 20<&- 21<&- 22<&- 23<&-
}

search_rest() {
  local interrupted ended
  [ -n "$filter" ] || return 0
  (printf . >&5) 2>/dev/null
  exec 3>&- 4>&- 5>&-
  while interrupted=''; wait "$filter"; ended=$?; [ -n "$interrupted" ]; do :; done
  filter=''
  [ -r claimed/redacted ] && read -r redacted <claimed/redacted
  case $ended$ended_by in
    0* | *cancel) ;;
    *) not_ready "what keeps secrets out of the logs ended with exit $ended on \${HOSTNAME:-this machine}: see stderr.log" ;;
  esac
}`;
