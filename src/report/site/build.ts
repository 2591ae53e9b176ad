import {cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sha256} from '../../base/canonical.js';
import {isObject} from '../../base/json.js';
import type {ScoreSettings} from '../../config/pipeline.js';
import {ablationOf, type Field} from '../../score/ablation.js';
import {list, readJson, writeJson} from '../../store/write.js';
import type {Behaviour} from '../behaviour.js';
import {csv} from '../csv.js';
import {paint} from '../style.js';
import {renderTable} from '../table.js';
import {tableJson} from '../table-json.js';
import {ablationPage} from './ablation.js';
import {agentsPage} from './agents.js';
import {breakdownPage} from './breakdown.js';
import {cellPage} from './cell.js';
import {cellsPage} from './cells.js';
import {writeEvidence} from './evidence.js';
import type {Html} from './html.js';
import {folderOf, importedPage} from './imported.js';
import {document, type PageFile} from './layout.js';
import {leaderboardPage} from './leaderboard.js';
import type {SiteCell, SiteData} from './model.js';
import {runPage} from './run.js';

/** Marks a folder as ours, and holds what is known of its cells. */
const MANIFEST = '.ptb-site.json';

type Known = {readonly signature: string; readonly behaviour: Behaviour | null};
type Manifest = {readonly version: 1; readonly made: string; readonly cells: Readonly<Record<string, Known>>};

/** The folder holds something that is not ours. */
export class NotOurs extends Error {}

/**
 * Writes the site. Pages of cells that did not change since the last time are left as they are; pages of cells that are gone
 * are removed.
 */
export function buildSite(
  out: string,
  /** The folder of what pages load: script and style. */
  assets: string,
  data: SiteData,
  settings: ScoreSettings,
  field: Field,
): void {
  const known = open(out, data.frame.version);
  cpSync(assets, join(out, 'assets'), {recursive: true});
  const cells: Record<string, Known> = {};
  const shown = data.cells.map((cell): SiteCell => {
    const dir = join(out, 'cells', cell.slug);
    const signature = signatureOf(cell, data);
    const before = known?.cells[cell.slug];
    if (before?.signature === signature && existsSync(join(dir, 'index.html'))) {
      cells[cell.slug] = before;
      return {...cell, behaviour: before.behaviour};
    }
    rmSync(dir, {recursive: true, force: true});
    mkdirSync(dir, {recursive: true});
    const {files, behaviour} = writeEvidence(cell, dir, settings);
    const whole = {...cell, behaviour};
    const page = {title: cell.label, under: 'cells.html', up: '../../', body: cellPage(whole, files)} as const;
    writeFileSync(join(dir, 'index.html'), document(page, data.frame));
    cells[cell.slug] = {signature, behaviour};
    return whole;
  });
  for (const cell of data.imported) {
    const dir = join(out, 'cells', cell.slug);
    mkdirSync(dir, {recursive: true});
    const page = {title: cell.label, under: 'cells.html', up: '../../', body: importedPage(cell)} as const;
    writeFileSync(join(dir, 'index.html'), document(page, data.frame));
    cells[cell.slug] = {signature: '', behaviour: null};
  }
  for (const gone of list(join(out, 'cells')).filter((slug) => !Object.hasOwn(cells, slug)))
    rmSync(join(out, 'cells', gone), {recursive: true, force: true});
  writePages(out, {...data, cells: shown}, field);
  writeJson(join(out, MANIFEST), {version: 1, made: data.frame.version, cells} satisfies Manifest);
}

/** What was written there before, unless by another version. */
function open(out: string, version: string): Manifest | undefined {
  const manifest = readJson(join(out, MANIFEST));
  const isOurs = isObject(manifest) && manifest.version === 1;
  if (!isOurs && existsSync(out) && readdirSync(out).length > 0) {
    throw new NotOurs(`${out} holds something else; name a folder that is new, empty, or an earlier report`);
  }
  mkdirSync(out, {recursive: true});
  return isOurs && manifest.made === version ? (manifest as unknown as Manifest) : undefined;
}

/** Everything that can change a cell's page, traces and logs by the results that hold them. */
const signatureOf = (cell: SiteCell, {frame}: SiteData): string =>
  sha256(
    JSON.stringify([
      frame.name,
      frame.pages,
      cell.row,
      cell.label,
      cell.score,
      [...cell.steps, ...cell.shared].map(({id, state, because, result, failed}) => [
        id,
        state,
        because,
        result?.folder,
        result?.record.ended,
        failed.length,
      ]),
    ]),
  );

function writePages(out: string, data: SiteData, field: Field): void {
  const {table, frame, ablated} = data;
  const bodies: Readonly<Record<PageFile, () => Html>> = {
    'index.html': () => leaderboardPage(data),
    'breakdown.html': () => breakdownPage(data),
    'agents.html': () => agentsPage(data),
    'ablation.html': () => ablationPage(ablated.map((axis) => ablationOf(table.rows, axis, field))),
    'run.html': () => runPage(data),
    'cells.html': () => cellsPage(data),
  };
  const titles: Readonly<Record<PageFile, string>> = {
    'index.html': 'Leaderboard',
    'breakdown.html': 'Breakdown',
    'agents.html': 'What agents did',
    'ablation.html': 'Ablation',
    'run.html': 'Run',
    'cells.html': 'Cells',
  };
  for (const under of frame.pages) {
    const text = document({title: titles[under], under, up: '', body: bodies[under]()}, frame);
    writeFileSync(join(out, under), text);
  }
  mkdirSync(join(out, 'data'), {recursive: true});
  writeJson(join(out, 'data/table.json'), tableJson(table));
  writeFileSync(join(out, 'data/table.csv'), renderTable(table, 'csv', paint(false)));
  writeFileSync(join(out, 'data/cells.csv'), csv(cellRecords(data)));
}

/** One line a cell, with the results that its figures came from, or the folder of the tree that was imported. */
function cellRecords({cells, imported}: SiteData): (string | number | null)[][] {
  const all = [...cells, ...imported];
  const axes = [...new Set(all.flatMap(({at}) => Object.keys(at)))];
  const stages = [...new Set(cells.flatMap(({steps}) => steps.map(({stage}) => stage)))];
  return [
    [...axes, 'score', 'raw', 'stderr', 'kind', 'cause', 'because', ...stages, 'imported'],
    ...all.map((cell) => [
      ...axes.map((axis) => cell.at[axis] ?? null),
      cell.score.score,
      cell.score.raw,
      cell.score.stderr,
      cell.score.kind,
      cell.score.cause,
      cell.score.because.join('; '),
      ...stages.map((stage) =>
        cell.kind === 'agent' ? (cell.steps.find((step) => step.stage === stage)?.result?.folder ?? null) : null,
      ),
      cell.kind === 'imported' ? folderOf(cell) : null,
    ]),
  ];
}
