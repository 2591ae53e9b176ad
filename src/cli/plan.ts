import {costOf} from '../plan/cost.js';
import {growthOf} from '../plan/growth.js';
import {planJson, renderPlan} from '../report/plan.js';
import {printableJson} from '../report/style.js';
import {planProject} from './planned.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type PlanOptions = ProjectOptions & {readonly json?: boolean; readonly steps?: boolean};

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
      ? `${printableJson(planJson(graph, verdicts, cost, drift), 2)}\n`
      : renderPlan(graph, verdicts, cost, drift, detail, terminal.paintOut),
  );
  return EXIT.done;
}
