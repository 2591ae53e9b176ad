import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Onlooker} from '../executor/executor.js';
import {spentOn} from '../plan/bill.js';
import type {Plan} from '../plan/plan.js';
import {renderStatus, statusJson, type Shared} from '../report/status.js';
import {onlooker} from '../run/find-executor.js';
import {lastLines} from '../run/attempt.js';
import {statusOf, type Status, type StepStatus} from '../run/status.js';
import {allBills} from '../store/bills.js';
import {readPauses} from '../store/pauses.js';
import {unsettledAttempts} from '../store/attempt.js';
import {attemptPaths, folderOf} from '../store/paths.js';
import {stampOf} from '../store/stamp.js';
import {printableJson} from '../report/style.js';
import {describeControl} from './controller.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type StatusOptions = ProjectOptions & {readonly json?: boolean; readonly watch?: boolean};

const WATCH_MS = 1000;
/** What no file tells, a job that was killed or a queue that holds one, is asked after so often. */
const ASK_MS = 5000;
/** The share of a core that watching may take, however large the pipeline is. */
const WATCH_SHARE = 0.05;

export async function statusCommand(options: StatusOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const looker = onlooker((name) => terminal.env[name]);
  let seen: Seen | undefined;
  for (;;) {
    const began = performance.now();
    const used = process.cpuUsage();
    const stamp = options.watch ? stampOf(project.runs) : '';
    if (seen?.stamp !== stamp || began - seen.at >= ASK_MS)
      seen = {...(await look(project, looker, terminal)), stamp, at: began};
    const {verdicts, shared} = seen;
    const status = aged(seen.status, (began - seen.at) / 1000);
    const lastLine = ({step, attempt}: StepStatus): string => {
      const verdict = verdicts.get(step.id);
      if (verdict?.kind !== 'run' || attempt === null) return '';
      const paths = attemptPaths(join(project.runs.attempts, folderOf(step, verdict.key), String(attempt)));
      return lastLines([paths.stderr, paths.stdout], 1)[0] ?? '';
    };
    if (options.watch && !options.json) terminal.out('\u001b[H\u001b[2J');
    terminal.out(
      options.json
        ? `${printableJson(statusJson(status, shared))}\n`
        : renderStatus(status, shared, lastLine, terminal.paintOut),
    );
    if (!options.watch || [...status.steps.values()].every(({state}) => state === 'done')) return EXIT.done;
    const {user, system} = process.cpuUsage(used);
    await sleep(Math.max(WATCH_MS, (user + system) / 1000 / WATCH_SHARE));
  }
}

type Look = {readonly verdicts: Plan; readonly status: Status; readonly shared: Shared};

/** `at`: in ms from the epoch. */
type Seen = Look & {readonly stamp: string; readonly at: number};

async function look(project: Project, looker: Onlooker, terminal: Terminal): Promise<Look> {
  const {verdicts, history, ledger} = planProject(project, 'as-found');
  const open = unsettledAttempts(project.runs.attempts);
  const billed = allBills(project.runs, ledger, project.pipeline.name);
  return {
    verdicts,
    status: await statusOf(project.graph, verdicts, history, open, looker, new Date()),
    shared: {
      pauses: pausesOf(project, new Date()),
      spent: spentOn([...project.graph.steps.keys()].flatMap(billed)),
      controller: await describeControl(project.runs, terminal),
    },
  };
}

/** The same some seconds later: what is under way has taken longer. */
const aged = ({steps, strays}: Status, seconds: number): Status => ({
  steps: new Map(
    [...steps].map(([id, one]) =>
      one.seconds !== null && (one.state === 'running' || one.state === 'waiting')
        ? [id, {...one, seconds: one.seconds + seconds}]
        : [id, one],
    ),
  ),
  strays: strays.map((one) => ({...one, seconds: one.seconds + seconds})),
});

/** Limits that let nothing start: those of 0, and those that turned a job away. */
const pausesOf = ({pipeline, runs}: Project, now: Date): Shared['pauses'] => [
  ...[...pipeline.limits].flatMap(([limit, tokens]) =>
    tokens === 0 ? [{limit, until: null, because: `limits.${limit} is 0`}] : [],
  ),
  ...[...readPauses(runs.pauses)].flatMap(([limit, {until, because}]) =>
    until > now.getTime() ? [{limit, until: new Date(until).toISOString(), because}] : [],
  ),
];
