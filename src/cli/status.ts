import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {spentOn} from '../plan/bill.js';
import {renderStatus, statusJson, type Shared} from '../report/status.js';
import {onlooker} from '../run/find-executor.js';
import {lastLines} from '../run/attempt.js';
import {statusOf, type StepStatus} from '../run/status.js';
import {allBills} from '../store/bills.js';
import {readPauses} from '../store/pauses.js';
import {unsettledAttempts} from '../store/attempt.js';
import {attemptPaths, folderOf} from '../store/paths.js';
import {describeControl} from './controller.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type StatusOptions = ProjectOptions & {readonly json?: boolean; readonly watch?: boolean};

const WATCH_MS = 1000;

export async function statusCommand(options: StatusOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const looker = onlooker((name) => terminal.env[name]);
  for (;;) {
    const {verdicts, history, ledger} = planProject(project, 'as-found');
    const open = unsettledAttempts(project.runs.attempts);
    const status = await statusOf(project.graph, verdicts, history, open, looker, new Date());
    const lastLine = ({step, attempt}: StepStatus): string => {
      const verdict = verdicts.get(step.id);
      if (verdict?.kind !== 'run' || attempt === null) return '';
      const paths = attemptPaths(join(project.runs.attempts, folderOf(step, verdict.key), String(attempt)));
      return lastLines([paths.stderr, paths.stdout], 1)[0] ?? '';
    };
    const billed = allBills(project.runs, ledger, project.pipeline.name);
    const shared = {
      pauses: pausesOf(project, new Date()),
      spent: spentOn([...project.graph.steps.keys()].flatMap(billed)),
      controller: await describeControl(project.runs, terminal),
    };
    if (options.watch && !options.json) terminal.out('\u001b[H\u001b[2J');
    terminal.out(
      options.json
        ? `${JSON.stringify(statusJson(status, shared))}\n`
        : renderStatus(status, shared, lastLine, terminal.paintOut),
    );
    if (!options.watch || [...status.steps.values()].every(({state}) => state === 'done')) return EXIT.done;
    await sleep(WATCH_MS);
  }
}

/** Limits that let nothing start: those of 0, and those that turned a job away. */
const pausesOf = ({pipeline, runs}: Project, now: Date): Shared['pauses'] => [
  ...[...pipeline.limits].flatMap(([limit, tokens]) =>
    tokens === 0 ? [{limit, until: null, because: `limits.${limit} is 0`}] : [],
  ),
  ...[...readPauses(runs.pauses)].flatMap(([limit, {until, because}]) =>
    until > now.getTime() ? [{limit, until: new Date(until).toISOString(), because}] : [],
  ),
];
