import {estimatesBy, type Estimates} from '../plan/estimate.js';
import {plan, type Moment, type Plan} from '../plan/plan.js';
import {pastBills} from '../store/bills.js';
import {StoredHistory} from '../store/history.js';
import {Ledger} from '../store/ledger.js';
import type {Project} from './project.js';

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
