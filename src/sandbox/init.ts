import type {Argv} from '../base/argv.js';
import {INSIDE} from './sandbox.js';

export type InitSettings = {
  /** Variables of the sandbox program's own, which the job shall not see. */
  readonly forget: readonly string[];
  /** Of these, what would show paths of the machine to whoever reads the first process' environment. */
  readonly hide?: readonly string[];
  /** How many processes and threads it may have: the kernel counts those of the user in one user namespace; root has no limit. */
  readonly processes: number;
  /** All ends when stdin does: whoever holds its other end is dead. */
  readonly lifeline?: boolean;
};

const FORGET = `unset $1 "\${!APPTAINER@}" "\${!SINGULARITY@}"; shift`;

/** TERM of the init itself goes to all processes but itself and this one. */
const LIFELINE = `trap 'exit 137' USR1
exec 3<&0
(trap '' TERM; while read -r _ <&3; do :; done; kill -s USR1 $$) &
exec 3<&-`;

/** `-u`: what bash sets for its own. A `wait` that TERM interrupted is taken up again. */
const RUN = `trap 'again=1; kill -s TERM -1' TERM
env -u _ -u SHLVL -u OLDPWD "$@" & child=$!
while again=; wait "$child"; code=$?; [ "$again" ]; do :; done
exit "$code"`;

/**
 * The first process of a job where the sandbox program hands TERM to it alone: it passes TERM on to all others, and ends with
 * the code of the command.
 */
export const underInit = ({forget, hide = [], processes, lifeline = false}: InitSettings, command: Argv): Argv => [
  'env',
  ...hide.flatMap((name) => ['-u', name]),
  `HOME=${INSIDE.home}`,
  'bash',
  '-c',
  [FORGET, `ulimit -u ${processes} 2>/dev/null`, ...(lifeline ? [LIFELINE] : []), RUN].join('\n'),
  'init',
  forget.join(' '),
  ...command,
];
