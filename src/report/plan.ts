import CliTable from 'cli-table3';
import type {Graph} from '../graph/graph.js';
import type {StepId} from '../graph/step.js';
import type {Cost, Unpriced} from '../plan/cost.js';
import type {Growth} from '../plan/growth.js';
import type {Plan, Verdict} from '../plan/plan.js';
import {describeReason} from '../plan/reason.js';
import {describeStale, type Stale} from '../plan/stale.js';
import {costColumns, costJson, describeCost} from './cost.js';
import {printable, type Paint} from './style.js';

/** A verdict with its reason. */
export const describeVerdict = (verdict: Verdict): string => {
  switch (verdict.kind) {
    case 'cached':
      return verdict.accepted ? `cached (accepted: ${verdict.accepted.because})` : 'cached';
    case 'run':
      return describeReason(verdict.because);
    case 'failed':
      return `failed before and holds GPUs; --rerun tries it again (${verdict.because})`;
    case 'after':
      return `after ${verdict.upstream}`;
  }
};

/** What a plan says of the past beside the verdicts. */
export type Drift = {
  readonly growth: Growth | undefined;
  /** Steps with results that are not in the matrix any more. */
  readonly orphans: readonly StepId[];
};

/** Stages with their verdicts, reasons and cost. `steps` lists each step that would run. */
export function renderPlan(
  graph: Graph,
  plan: Plan,
  cost: Cost,
  {growth, orphans}: Drift,
  detail: 'stages' | 'steps',
  paint: Paint,
): string {
  const steps = [...graph.steps.values()];
  const kinds = (['cached', 'run', 'after', 'failed'] as const).filter(
    (kind) => kind !== 'failed' || [...plan.values()].some((verdict) => verdict.kind === kind),
  );
  const columns = costColumns(cost);
  const table = new CliTable({
    head: ['stage', 'steps', ...kinds, ...columns.map(({head}) => head)].map((word) => paint('bold', word)),
    colAligns: ['left', ...Array<'right'>(kinds.length + 1 + columns.length).fill('right')],
    style: {head: [], border: [], compact: true},
  });
  for (const stage of graph.stages) {
    const own = steps.filter((step) => step.stage === stage);
    const counts = kinds.map((kind) => own.filter(({id}) => plan.get(id)!.kind === kind).length);
    const costs = cost.stages.get(stage.name);
    const cells = columns.map(({cell}) => (costs === undefined ? '' : cell(costs)));
    table.push([stage.name, String(own.length), ...counts.map(String), ...cells]);
  }
  const open = steps.filter(({id}) => plan.get(id)!.kind !== 'cached');
  /** What a reader must know of: not plainly cached. */
  const told = steps.filter(({id}) => describeVerdict(plan.get(id)!) !== 'cached');
  return [
    table.toString(),
    `${graph.cells.length} cells, ${steps.length} steps, ${steps.length - open.length} cached`,
    ...(growth ? [`+${growth.fresh} cells, ${growth.reused} reused`] : []),
    ...describeCost(cost),
    ...(detail === 'steps'
      ? told.map(({id}) => `  ${id}: ${describeVerdict(plan.get(id)!)}`)
      : reasons(told.map(({id}) => plan.get(id)!))),
    ...listOrphans(orphans, detail),
    '',
  ].join('\n');
}

/** They are never deleted by a run: the matrix may grow back. */
function listOrphans(orphans: readonly StepId[], detail: 'stages' | 'steps'): string[] {
  if (orphans.length === 0) return [];
  const what =
    orphans.length === 1
      ? '1 step that left the matrix keeps its'
      : `${orphans.length} steps that left the matrix keep their`;
  return detail === 'steps'
    ? [`${what} results:`, ...orphans.map((id) => `  ${id}`)]
    : [`${what} results (--steps lists them)`];
}

/** How many steps run for which reason, most first. */
function reasons(verdicts: readonly Verdict[]): string[] {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) {
    if (verdict.kind === 'after' || verdict.kind === 'failed') continue;
    const reason = describeVerdict(verdict);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `  ${count} × ${reason}`);
}

/** A sentence for each decision to keep results: whose, when, why, and of which steps. */
export function describeAccepted(plan: Plan): string[] {
  const decisions = new Map<string, StepId[]>();
  for (const [id, verdict] of plan) {
    if (verdict.kind !== 'cached' || !verdict.accepted) continue;
    const {by, when, because, paths} = verdict.accepted;
    const changed = describeReason({kind: 'changed', paths});
    const decision = `accepted by ${by} on ${when.slice(0, 10)} (${because}) although ${changed}`;
    decisions.set(decision, [...(decisions.get(decision) ?? []), id]);
  }
  return [...decisions].map(([decision, [first, ...rest]]) => {
    const what =
      rest.length === 0 ? `the result of ${first!} is` : `${rest.length + 1} results, first of ${first!}, are`;
    return `${what} ${decision}`;
  });
}

/** How many ids are listed for one reason. */
const LISTED = 8;

/** Why a run with stale results of steps with GPUs does not start, and the ways out. */
export function renderStale(all: readonly Stale[], paint: Paint): string {
  const reasons = [...new Set(all.map(({because}) => because))];
  const first = all[0]!.step.id;
  const what = all.length === 1 ? '1 step with GPUs has a result' : `${all.length} steps with GPUs have results`;
  return [
    `${what} that an edit made stale; running again takes ${describeStale(all)}`,
    ...reasons.flatMap((reason) => {
      const some = all.filter(({because}) => because === reason);
      return [
        `  ${some.length} × ${printable(reason)}`,
        ...some.slice(0, LISTED).map(({step}) => `    ${step.id}`),
        ...(some.length > LISTED ? [`    and ${some.length - LISTED} more`] : []),
      ];
    }),
    'nothing was started',
    `  ${paint('blue', 'to see what changed')}: ptb why ${first}`,
    `  ${paint('blue', 'to keep the old results')}: ptb step accept ${first} --because "…"`,
    `  ${paint('blue', 'to run them again')}: ptb pipeline run --yes, or --rerun ${first}`,
    '',
  ].join('\n');
}

/** Why a run with a cap on money does not start. */
export const renderWithoutMoney = (all: readonly Unpriced[], paint: Paint): string =>
  [
    '--max-usd needs to know what each step may cost, and it does not:',
    ...all.flatMap(({what, remedy}) => [
      `  ${printable(what)}`,
      `    ${paint('blue', 'remedy')}: ${printable(remedy)}`,
    ]),
    'nothing was started',
    '',
  ].join('\n');

/** The stable shape that schemas/plan.schema.json describes. */
export const planJson = (graph: Graph, plan: Plan, cost: Cost, {growth, orphans}: Drift): object => ({
  version: 1,
  steps: [...graph.steps.values()].map(({id, stage, at}) => ({
    id,
    stage: stage.name,
    axes: at,
    verdict: plan.get(id)!.kind,
    because: describeVerdict(plan.get(id)!),
  })),
  cost: costJson(cost),
  growth: growth ? {new_cells: growth.fresh, reused_cells: growth.reused} : null,
  orphans,
});
