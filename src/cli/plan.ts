import {plan, type Moment} from '../plan/plan.js';
import {costOf} from '../plan/cost.js';
import {estimatesBy, type Estimates} from '../plan/estimate.js';
import {growthOf} from '../plan/growth.js';
import {planJson, renderPlan} from '../report/plan.js';
import {pastBills} from '../store/bills.js';
import {StoredHistory} from '../store/history.js';
import {Ledger} from '../store/ledger.js';
import type {Plan} from '../plan/plan.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type PlanOptions = ProjectOptions & {readonly json?: boolean; readonly steps?: boolean};

/** The past of a project, and what it means for the steps that are wanted now. */
export type Planned = {
  readonly history: StoredHistory;
  readonly ledger: Ledger;
  readonly verdicts: Plan;
  readonly estimates: Estimates;
};

export function planProject(project: Project, moment?: Moment): Planned {
  const ledger = new Ledger(project.runs.results, project.runs.ledger);
  const history = new StoredHistory(project.runs, ledger, project.pipeline.name);
  return {
    history,
    ledger,
    verdicts: plan(project.graph, project.files.digests, history, project.rerun, moment),
    estimates: estimatesBy(pastBills(ledger, project.pipeline.name), project.pipeline.gpuHourUsd),
  };
}

export function planCommand(options: PlanOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  terminal.err(project.warnings);
  const {history, verdicts, estimates} = planProject(project);
  const {graph} = project;
  const cost = costOf(graph, verdicts, estimates);
  const isWhole = (options.only ?? []).length === 0 && options.until === undefined;
  const drift = {
    growth: growthOf(graph, verdicts, (id) => history.last(id) !== undefined),
    orphans: isWhole ? history.orphans(graph.steps.keys()) : [],
  };
  const detail = options.steps ? 'steps' : 'stages';
  terminal.out(
    options.json
      ? `${JSON.stringify(planJson(graph, verdicts, cost, drift), null, 2)}\n`
      : renderPlan(graph, verdicts, cost, drift, detail, terminal.paintOut),
  );
  return EXIT.done;
}
