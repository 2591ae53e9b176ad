import {plan} from '../plan/plan.js';
import {costOf} from '../plan/cost.js';
import {planJson, renderPlan} from '../report/plan.js';
import {StoredHistory} from '../store/history.js';
import {Ledger} from '../store/ledger.js';
import type {Plan} from '../plan/plan.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type PlanOptions = ProjectOptions & {readonly json?: boolean; readonly steps?: boolean};

/** The past of a project, and what it means for the steps that are wanted now. */
export function planProject(project: Project): {
  readonly history: StoredHistory;
  readonly ledger: Ledger;
  readonly verdicts: Plan;
} {
  const ledger = new Ledger(project.runs.results, project.runs.ledger);
  const history = new StoredHistory(project.runs, ledger, project.pipeline.name);
  return {history, ledger, verdicts: plan(project.graph, project.files.digests, history, project.rerun)};
}

export function planCommand(options: PlanOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {verdicts} = planProject(project);
  const cost = costOf(project.graph, verdicts);
  terminal.out(
    options.json
      ? `${JSON.stringify(planJson(project.graph, verdicts, cost), null, 2)}\n`
      : renderPlan(project.graph, verdicts, cost, options.steps ? 'steps' : 'stages', terminal.paintOut),
  );
  return EXIT.done;
}
