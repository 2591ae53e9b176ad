import {join} from 'node:path';
import {asText, isObject, type Json, type JsonObject} from '../base/json.js';
import type {ScoreSettings} from '../config/pipeline.js';
import {describeAxes, type Axes} from '../matrix/cell.js';
import {money, type Spent} from '../plan/bill.js';
import type {CellEvidence, Evidence, Fate, Metrics, Place, Verdict} from '../score/evidence.js';
import type {Override, Overrides} from '../store/overrides.js';
import {readJson} from '../store/write.js';

/** Where the outputs of one step lie, or why they do not. */
export type StepFate = (
  | {readonly kind: 'done'; readonly at: Axes; readonly out: string; readonly seconds: number; readonly sandbox: string}
  | {readonly kind: 'failed'; readonly at: Axes; readonly because: string}
  | {readonly kind: 'pending'; readonly at: Axes}
) & {
  /** On all its attempts under its key; absent where they cost nothing, and where that is not known. */
  readonly spent?: Spent;
};

/** The steps of a stage. */
export type StepFates = (stage: string) => readonly StepFate[];

/** Reads from the results what the table is made of. */
export function evidenceOf(
  settings: ScoreSettings,
  cells: readonly Axes[],
  fates: StepFates,
  {overrides, problems}: Overrides,
): Evidence {
  const split = (reference: string): [string, string] => {
    const slash = reference.indexOf('/');
    return [reference.slice(0, slash), reference.slice(slash + 1)];
  };
  const [measuredStage, metricsFile] = split(settings.measured);
  const [verdictStage, verdictFile] = split(settings.verdict);
  const [usageStage, usageFile] = split(settings.usage);
  const measured = index(fates(measuredStage));
  const judged = index(fates(verdictStage));
  const worked = index(fates(settings.worked));
  const used = index(fates(usageStage));

  const baselines = [...settings.baselines].flatMap(([row, reference]) => {
    const [stage, file] = split(reference.replace(/\?$/, ''));
    const scores = fates(stage).map((fate) => ({at: fate.at, metrics: readFate(fate, file, asMetrics)}));
    if (!reference.endsWith('?')) return [[row, scores] as const];
    const known = scores.filter(({metrics}) => metrics.kind === 'known');
    return known.length > 0 ? [[row, known] as const] : [];
  });
  const kinds = new Set<string>();
  const list = cells.map((at): CellEvidence => {
    const work = worked(at);
    if (work?.kind === 'done') kinds.add(work.sandbox);
    const usage = readFate(used(at), usageFile, (value) => (isObject(value) ? value : undefined));
    const reported = usage.kind === 'known' ? usage.value.cost_usd : undefined;
    const cost = costOf(work?.spent, typeof reported === 'number' ? reported : null);
    return {
      at,
      metrics: readFate(measured(at), metricsFile, asMetrics),
      verdict: readFate(judged(at), verdictFile, asVerdict),
      ...withOverride(at, overrides),
      work: work ? describeAxes(work.at) : null,
      seconds: work?.kind === 'done' ? work.seconds : null,
      costUsd: cost.usd,
      costIsPartial: !cost.isWhole && cost.usd !== null,
    };
  });
  return {cells: list, baselines: new Map(baselines), sandboxes: [...kinds].sort(), overrideProblems: problems};
}

/** The override of a cell: one names all axes of its audit. */
export function withOverride(at: Axes, overrides: readonly Override[]): {readonly override?: Override} {
  const override = overrides.find(({cell}) => Object.entries(cell).every(([axis, value]) => at[axis] === value));
  return override ? {override} : {};
}

/** What all attempts cost; a stage that declares no bill may have its API money in its usage record, of the last one. */
function costOf(spent: Spent | undefined, reported: number | null): ReturnType<typeof money> {
  if (spent === undefined) return {usd: reported, isWhole: true};
  const isBilled = spent.usd.api + spent.unknown.api > 0;
  return money(isBilled || reported === null ? spent : {...spent, usd: {...spent.usd, api: reported}});
}

/** Finds the step of a cell: the one that agrees with it on all its axes. */
function index(fates: readonly StepFate[]): (at: Axes) => StepFate | undefined {
  const axes = Object.keys(fates[0]?.at ?? {});
  const id = (at: Axes): string => axes.map((axis) => at[axis]).join('\n');
  const byId = new Map(fates.map((fate) => [id(fate.at), fate]));
  return (at) => byId.get(id(at));
}

export function readFate<T>(fate: StepFate | undefined, file: string, parse: (value: Json) => T | undefined): Fate<T> {
  if (!fate || fate.kind === 'pending') return {kind: 'pending'};
  if (fate.kind === 'failed') return fate;
  const value = readJson(join(fate.out, file));
  if (value === undefined) return {kind: 'failed', because: `${file} is missing or damaged`};
  const parsed = parse(value);
  return parsed === undefined
    ? {kind: 'failed', because: `${file} has an unknown shape`}
    : {kind: 'known', value: parsed};
}

const isFraction = (value: Json | undefined): value is number => typeof value === 'number' && value >= 0 && value <= 1;

const asMetrics = (value: Json): Metrics | undefined => {
  if (!isObject(value) || !(value.accuracy === null || isFraction(value.accuracy))) return undefined;
  return {
    accuracy: value.accuracy,
    stderr: typeof value.stderr === 'number' ? value.stderr : null,
    n: typeof value.n === 'number' ? value.n : 0,
    ...(typeof value.because === 'string' ? {because: value.because} : {}),
  };
};

export const asVerdict = (value: Json): Verdict | undefined => {
  if (!isObject(value) || typeof value.flagged !== 'boolean') return undefined;
  const items = (list: Json | undefined): readonly Json[] => (Array.isArray(list) ? (list as readonly Json[]) : []);
  return {
    flagged: value.flagged,
    flags: items(value.flags).map(asText),
    judged: oneOf(value.judged, ['clean', 'flagged', 'unjudged'] as const) ?? 'not-asked',
    ...(typeof value.work === 'string' ? {work: value.work} : {}),
    findings: items(value.findings).flatMap((finding) =>
      isObject(finding)
        ? [
            {
              flag: asText(finding.flag ?? ''),
              source: asText(finding.source ?? ''),
              // An audit without severities flags by each of its findings.
              severity: oneOf(finding.severity, ['look', 'note'] as const) ?? 'flag',
              summary: asText(finding.summary ?? ''),
              evidence: items(finding.evidence).flatMap((place) => (isObject(place) ? [asPlace(place)] : [])),
            },
          ]
        : [],
    ),
  };
};

const oneOf = <T extends string>(value: Json | undefined, words: readonly T[]): T | undefined =>
  words.find((word) => word === value);

const asPlace = ({file, line, excerpt, item, overlap}: JsonObject): Place => ({
  file: asText(file ?? ''),
  ...(typeof line === 'number' ? {line} : {}),
  ...(typeof excerpt === 'string' ? {excerpt} : {}),
  ...(typeof item === 'string' ? {item} : {}),
  ...(typeof overlap === 'number' ? {overlap} : {}),
});
