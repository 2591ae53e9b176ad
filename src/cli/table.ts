import {join} from 'node:path';
import {fits, type Shape} from '../base/fits.js';
import {asText, isObject, type Json, type JsonObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {scoreOf} from '../config/score.js';
import type {Axes} from '../matrix/cell.js';
import {describeAccepted} from '../report/plan.js';
import {importedTrees} from '../report/imported.js';
import {evidenceOf, type StepFate} from '../report/evidence.js';
import {renderTable, type TableFormat} from '../report/table.js';
import {ablationOf, type Field} from '../score/ablation.js';
import {fittingVersion} from '../score/published/place.js';
import {PUBLISHED, type PublishedVersion} from '../score/published/rows.js';
import {BENCHMARK, MODEL} from '../score/row.js';
import {tableOf, type Table} from '../score/table.js';
import {OVERRIDES, readOverrides} from '../store/overrides.js';
import {readJson, writeWhole} from '../store/write.js';
import {fatesOf} from './fates.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type TableOptions = ProjectOptions & {
  readonly format: TableFormat;
  readonly step?: string;
  /** The folder of overrides, for a step. */
  readonly overrides?: string;
  readonly with?: string;
  readonly against?: string;
  readonly plot?: string;
};

export async function tableCommand(options: TableOptions, terminal: Terminal): Promise<number> {
  if (options.step !== undefined) return tableOfStep(options.step, options, terminal);
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const wanted = parseWith(options.with);
  if (wanted.kind === 'unknown') return sayUnknownWith(options.with!, terminal);
  if (options.against !== undefined) return ablate(project, options.against, options.plot, terminal);
  if (options.plot !== undefined) {
    terminal.err('--plot draws what --against says, for instance --against hours --plot hours.svg\n');
    return EXIT.badInput;
  }
  terminal.out(renderTable(projectTable(project, wanted), options.format, terminal.paintOut));
  return EXIT.done;
}

/** The table as the results have it now, also of a half-finished run. */
export function projectTable(
  project: Project,
  wanted: With = {kind: 'nothing'},
  {history, verdicts}: Pick<ReturnType<typeof planProject>, 'history' | 'verdicts'> = planProject(project, 'as-found'),
): Table {
  const fates = fatesOf(project.graph, verdicts, history);
  const cells = project.graph.cells.map(({at}) => at);
  const overrides = readOverrides(join(project.pipeline.root, OVERRIDES));
  const evidence = evidenceOf(project.pipeline.score, cells, fates, overrides);
  const imported = importedTrees(
    project.runs.root,
    project.pipeline.catalog.get(MODEL) ?? new Map(),
    benchmarksOf(project),
  );
  return tableOf({...evidence, accepted: describeAccepted(verdicts)}, project.pipeline.score, {
    imported,
    ...(wanted.kind === 'published' ? {published: wanted.version ?? fittingVersion(benchmarksOf(project))} : {}),
  });
}

/** Scores against one axis, as a table and, where asked for, a plot. */
async function ablate(project: Project, over: string, plot: string | undefined, terminal: Terminal): Promise<number> {
  const [axis = '', field] = over.split('.');
  const {axes} = project.pipeline.matrix;
  if (!axes.has(axis)) {
    terminal.err(`there is no axis ${quoted(axis)}; the matrix has ${[...axes.keys()].join(', ')}\n`);
    return EXIT.badInput;
  }
  const ablation = ablationOf(projectTable(project).rows, over, fieldOf(project));
  if (ablation.series.length === 0) {
    const why = field === undefined ? 'every row averages over it' : `no value of ${axis} has a field ${quoted(field)}`;
    terminal.err(`nothing to compare against ${quoted(over)}: ${why}\n`);
    return EXIT.badInput;
  }
  // Drawing loads a library that nothing else here needs.
  const {ablationSvg, renderAblation} = await import('../report/ablation.js');
  terminal.out(renderAblation(ablation, terminal.paintOut));
  if (plot === undefined) return EXIT.done;
  const svg = ablationSvg(ablation);
  if (svg === undefined) terminal.err('no row has an average yet: nothing was drawn\n');
  else writeWhole(plot, svg);
  return EXIT.done;
}

/** A field behind an axis' value, as text. */
export const fieldOf =
  ({pipeline}: Project): Field =>
  (axis, value, field) => {
    const fields = pipeline.catalog.get(axis)?.get(value);
    return fields && Object.hasOwn(fields, field) ? asText(fields[field]) : undefined;
  };

export type With =
  | {readonly kind: 'nothing'}
  | {readonly kind: 'published'; readonly version?: PublishedVersion}
  | {readonly kind: 'unknown'};

const WITH = ['published', ...Object.keys(PUBLISHED).map((version) => `published=${version}`)];

export function sayUnknownWith(text: string, terminal: Terminal): number {
  terminal.err(`there is no --with ${quoted(text)}; it is ${WITH.join(', ')}\n`);
  return EXIT.badInput;
}

/** `published` alone is the version that fits. */
export function parseWith(text: string | undefined): With {
  if (text === undefined) return {kind: 'nothing'};
  if (!WITH.includes(text)) return {kind: 'unknown'};
  const version = text.split('=')[1] as PublishedVersion | undefined;
  return {kind: 'published', ...(version === undefined ? {} : {version})};
}

const benchmarksOf = ({pipeline}: Project): readonly string[] => pipeline.matrix.axes.get(BENCHMARK) ?? [];

/** The table of what a gathering step was handed: its `$PTB_STEP` file, with `score` among its fields. */
function tableOfStep(file: string, {format, overrides}: TableOptions, terminal: Terminal): number {
  const step = readJson(file);
  if (!isObject(step) || !fits(step, STEP)) {
    terminal.err(`${quoted(file)} is not a step file; a stage's script finds its own in $PTB_STEP\n`);
    return EXIT.badInput;
  }
  const settings = scoreOf(isObject(step.fields) ? step.fields.score : undefined);
  const needs = step.needs as {readonly [stage: string]: readonly JsonObject[]};
  const fates = (stage: string): StepFate[] => (Object.hasOwn(needs, stage) ? needs[stage]! : []).map(fateOfInput);
  const cells = fates(settings.measured.split('/', 1)[0]!).map(({at}) => at);
  const evidence = evidenceOf(settings, cells, fates, readOverrides(overrides ?? OVERRIDES));
  terminal.out(renderTable(tableOf(evidence, settings), format, terminal.paintOut));
  return EXIT.done;
}

/** What a gathering step was handed of one upstream step. */
const INPUT: Shape = {
  axes: {'*': 'text'},
  'path?': 'text or null',
  'because?': 'text',
  'seconds?': 'number or null',
  'sandbox?': 'text or null',
};

const AVERAGE: Shape = (value) =>
  fits(value, ['plain', 'inverse-headroom', 'published-v1']) || fits(value, {weights: {'*': 'number'}});

const STEP: Shape = {
  needs: {'*': (inputs) => Array.isArray(inputs) && inputs.every((input: Json) => fits(input, INPUT))},
  'fields?': {
    'score?': {
      'average?': AVERAGE,
      'flagged?': ['base', 'zero', 'keep'],
      'missing?': ['base', 'zero'],
      'measured?': 'text',
      'verdict?': 'text',
      'worked?': 'text',
      'usage?': 'text',
      'baselines?': {'*': 'text'},
    },
  },
};

function fateOfInput(input: {readonly [key: string]: Json}): StepFate {
  const at = input.axes as Axes;
  if (typeof input.path !== 'string') return {kind: 'failed', at, because: asText(input.because ?? 'nobody says why')};
  return {kind: 'done', at, out: input.path, seconds: Number(input.seconds), sandbox: asText(input.sandbox)};
}
