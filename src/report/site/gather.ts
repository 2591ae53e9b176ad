import {join, relative} from 'node:path';
import {sha256} from '../../base/canonical.js';
import {isObject, type Json} from '../../base/json.js';
import {seconds as parseSeconds} from '../../base/quantity.js';
import type {ScoreSettings} from '../../config/pipeline.js';
import type {Graph} from '../../graph/graph.js';
import type {Step} from '../../graph/step.js';
import {describeAxes, type Axes} from '../../matrix/cell.js';
import type {Plan} from '../../plan/plan.js';
import type {Status} from '../../run/status.js';
import {rowAxes} from '../../score/row.js';
import type {Table} from '../../score/table.js';
import type {StoredHistory} from '../../store/history.js';
import {readResult} from '../../store/result.js';
import {readJson} from '../../store/write.js';
import {labels} from '../label.js';
import type {Frame} from './layout.js';
import {
  STATES,
  type ForeignCell,
  type SiteCell,
  type SiteData,
  type SiteStage,
  type SiteStep,
  type Usage,
  type Work,
} from './model.js';

export type Sources = {
  readonly root: string;
  readonly graph: Graph;
  readonly plan: Plan;
  readonly history: StoredHistory;
  readonly status: Status;
  readonly table: Table;
  readonly settings: ScoreSettings;
  readonly frame: Omit<Frame, 'pages'>;
};

/** Reads what the pages are made of, but for traces and logs. */
export function gather(sources: Sources): SiteData {
  const {graph, table, settings, frame} = sources;
  const steps = [...graph.steps.values()].map((step) => siteStep(step, sources));
  const byStage = new Map(graph.stages.map(({name}) => [name, new Map<string, SiteStep>()]));
  for (const step of steps) byStage.get(step.stage)!.set(describeAxes(step.at), step);
  const label = labels(graph.cells);
  const names = new Map(table.rows.filter(({kind}) => kind === 'agent').map(({at, name}) => [describeAxes(at), name]));
  const usage = split(settings.usage);

  const cells = graph.cells.map(({at}, n): SiteCell => {
    const all = graph.stages.flatMap((stage) => {
      if (stage.for.length === 0) return [];
      const step = byStage.get(stage.name)!.get(describeAxes(pick(at, stage.for)));
      return step ? [{step, isOwn: Object.keys(rowAxes(pick(at, stage.for))).length > 0}] : [];
    });
    const own = all.filter(({isOwn}) => isOwn).map(({step}) => step);
    const name = label(at) || describeAxes(at);
    const used = own.find(({stage}) => stage === usage.stage)?.result;
    return {
      kind: 'agent',
      at,
      label: name,
      slug: slugOf(name, describeAxes(at)),
      row: names.get(describeAxes(rowAxes(at))) ?? name,
      score: table.cells[n]!,
      steps: own,
      shared: all.filter(({isOwn}) => !isOwn).map(({step}) => step),
      work: workOf(own.find(({stage}) => stage === settings.worked)),
      usage: used ? usageOf(readJson(join(used.dir, 'out', usage.output))) : null,
      behaviour: null,
    };
  });
  const stages = graph.stages.map(({name, needs}): SiteStage => ({
    name,
    needs: needs.map(({stage}) => stage),
    counts: Object.fromEntries(
      STATES.map((state) => [state, steps.filter((step) => step.stage === name && step.state === state).length]),
    ) as SiteStage['counts'],
  }));
  const rows = table.rows.filter(({kind}) => kind === 'agent');
  const axes = Object.keys(rows[0]?.at ?? {});
  const ablated = axes.slice(1).filter((axis) => new Set(rows.map(({at}) => at[axis])).size > 1);
  const pages = [
    'index.html',
    'breakdown.html',
    'agents.html',
    ...(ablated.length > 0 ? (['ablation.html'] as const) : []),
    'run.html',
    'cells.html',
  ] as const;
  return {frame: {...frame, pages}, table, cells, imported: foreignCells(table), stages, steps, ablated};
}

/** A name of letters that any file system takes, with a digest of what tells it from all others. */
const slugOf = (name: string, id: string): string =>
  `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80)}-${sha256(id).slice(0, 8)}`;

const foreignCells = ({imported}: Table): ForeignCell[] => {
  const label = labels(imported.map(({cell}) => cell));
  return imported.map(({tree, cell, score}) => ({
    kind: 'imported',
    at: cell.at,
    label: label(cell.at),
    slug: slugOf(`${tree.name} ${label(cell.at)}`, JSON.stringify([tree.name, cell.work])),
    row: cell.at.agent!,
    score,
    tree,
    cell,
  }));
};

const pick = (at: Axes, axes: readonly string[]): Axes =>
  Object.fromEntries(Object.entries(at).filter(([axis]) => axes.includes(axis)));

export const split = (reference: string): {readonly stage: string; readonly output: string} => {
  const [stage = '', ...rest] = reference.split('/');
  return {stage, output: rest.join('/')};
};

function siteStep(step: Step, {root, plan, history, status}: Sources): SiteStep {
  const verdict = plan.get(step.id)!;
  const {state, because, seconds} = status.steps.get(step.id)!;
  const found = verdict.kind === 'cached' ? history.committed(step, verdict.key) : undefined;
  const record = found && readResult(found.dir);
  const attempts = verdict.kind === 'after' ? [] : history.found(step, verdict.key);
  return {
    id: step.id,
    stage: step.stage.name,
    at: step.at,
    state,
    because: state === 'done' && because === 'cached' ? '' : because,
    seconds,
    gpus: step.spec.resources.gpus,
    ...(record ? {result: {dir: found.dir, folder: relative(root, found.dir), record}} : {}),
    failed: attempts.flatMap((attempt) =>
      attempt.kind === 'failed'
        ? [
            {
              attempt: attempt.attempt,
              folder: relative(root, attempt.dir),
              class: attempt.record.class,
              because: attempt.record.because,
              evidence: attempt.record.evidence,
              ended: attempt.record.ended,
            },
          ]
        : [],
    ),
  };
}

function workOf(step: SiteStep | undefined): Work | null {
  const record = step?.result?.record;
  if (!record) return null;
  const limit = (record.doc as {readonly stage?: {readonly seconds?: unknown}}).stage?.seconds;
  return {
    seconds: record.seconds.run,
    limit: typeof limit === 'number' ? limit : typeof limit === 'string' ? (parseSeconds(limit) ?? null) : null,
    outcome: record.outcome.kind,
  };
}

function usageOf(value: Json | undefined): Usage | null {
  if (!isObject(value)) return null;
  const number = (key: string): number | null => {
    const found = value[key];
    return typeof found === 'number' && Number.isFinite(found) ? found : null;
  };
  return {
    inputTokens: number('input_tokens'),
    cachedTokens: number('cached_tokens'),
    outputTokens: number('output_tokens'),
    costUsd: number('cost_usd'),
    turns: number('turns'),
    sessions: number('sessions'),
  };
}
