import type {Argv} from '../base/argv.js';
import {INSIDE} from './sandbox.js';

/**
 * The first process of a job where the sandbox program hands TERM to it alone: it passes TERM on to all others, and ends with
 * the code of the command. `$1`: names that the sandbox program has set, for all to forget.
 */
const SCRIPT = `unset $1 "\${!APPTAINER@}" "\${!SINGULARITY@}"; shift
trap 'again=1; kill -s TERM -1' TERM
env -u _ -u SHLVL "$@" & child=$!
while again=; wait "$child"; code=$?; [ "$again" ]; do :; done
exit "$code"`;

/** `hide`: variables that would show paths of the machine to whoever reads the first process' environment. */
export const underInit = (hide: readonly string[], forget: readonly string[], command: Argv): Argv => [
  'env',
  ...hide.flatMap((name) => ['-u', name]),
  `HOME=${INSIDE.home}`,
  'bash',
  '-c',
  SCRIPT,
  'init',
  forget.join(' '),
  ...command,
];
