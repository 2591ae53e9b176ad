import {quote} from '../base/argv.js';

/** bash: `not_ready` ends a job for a reason that is its machine's. `work`: its working directory, where the reason is looked for. */
export const notReadyScript = (work: string): string => `
not_ready() { # $1: why; the machine's failure
  [ -d ${quote(work)} ] || mkdir ${quote(work)}
  printf '{"class":"not-ready","because":"%s"}' "\${1//[\\"\\\\[:cntrl:]]/ }" >${quote(`${work}/failure.json`)}
  echo "$1" >>stderr.log
  ended_by=itself code=75
}`;
