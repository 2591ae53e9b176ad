import {closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ScoreSettings} from '../../config/pipeline.js';
import {attemptPaths} from '../../store/paths.js';
import {readJson, readText} from '../../store/write.js';
import {readEvaluationLog} from '../evaluation-log.js';
import {Watcher, type Behaviour} from '../behaviour.js';
import {readTelemetry} from '../telemetry.js';
import {readable, readTrace, type TraceEntry} from '../trace.js';
import type {CellFiles} from './cell.js';
import {split} from './gather.js';
import {html} from './html.js';
import type {SiteCell, SiteStep} from './model.js';

/** A copy beside the page is for a click; what is larger stays where it is. In bytes. */
const LARGEST_COPY = 5_000_000;
const LARGEST_SHOWN = 2_000_000;
/** The end of a log that a page shows. In bytes. */
const LOG_TAIL = 8192;
/** One script file of a trace. In characters and entries. */
const CHUNK_TEXT = 200_000;
const CHUNK_ENTRIES = 250;
/** About what entries take on a screen, in pixels. */
const ENTRY_HEIGHT = 32;
const LINE_HEIGHT = 19;
const LINE = 130;

export type Written = {readonly files: CellFiles; readonly behaviour: Behaviour | null};

/** Writes what lies beside a cell's page: copies of small files, and its trace in chunks. */
export function writeEvidence(cell: SiteCell, dir: string, settings: ScoreSettings): Written {
  const output = (step: SiteStep | undefined, name: string): string | undefined =>
    step?.result && Object.hasOwn(step.result.record.outputs, name) ? join(step.result.dir, 'out', name) : undefined;
  const find = (name: string): string | undefined =>
    cell.steps.map((step) => output(step, name)).find((file) => file !== undefined);
  const named = (reference: string): string | undefined => {
    const {stage, output: name} = split(reference);
    return output(
      cell.steps.find((step) => step.stage === stage),
      name,
    );
  };
  const copied = new Map(cell.steps.map((step) => [step.id, copyOutputs(step, dir)]));
  const logs = new Map([...cell.steps].map((step) => [step.id, tails(step)]));
  const telemetry = new Map(
    [...cell.steps, ...cell.shared].flatMap(({id, gpus, result}) =>
      result && gpus > 0 ? [[id, readTelemetry(attemptPaths(result.dir).telemetry)] as const] : [],
    ),
  );
  const watcher = new Watcher();
  const transcript = find('transcript.jsonl') ?? find('trace.jsonl');
  const trace = transcript === undefined ? null : writeTrace(transcript, join(dir, 'trace'), watcher);
  const work = output(
    cell.steps.find(({stage}) => stage === settings.worked),
    'task',
  );
  if (work !== undefined) watcher.readScripts(work);
  const {stage: measured} = split(settings.measured);
  const log = output(
    cell.steps.find(({stage}) => stage === measured),
    'log',
  );
  const shownText = (file: string | undefined): string | undefined =>
    file !== undefined && size(file) <= LARGEST_SHOWN ? readText(file) : undefined;
  const shownJson = (file: string | undefined) =>
    file !== undefined && size(file) <= LARGEST_SHOWN ? readJson(file) : undefined;
  return {
    files: {
      prompt: shownText(find('prompt.txt')),
      audit: shownJson(named(settings.verdict)),
      metrics: shownJson(named(settings.measured)),
      log: log === undefined ? null : readEvaluationLog(log),
      trace,
      copied,
      logs,
      telemetry,
    },
    behaviour: trace === null && work === undefined ? null : watcher.seen,
  };
}

const size = (file: string): number => statSync(file, {throwIfNoEntry: false})?.size ?? 0;

type Copies = {name: string; href: string; bytes: number}[];

/** Outputs that are one small file of text, and the result's own record. */
function copyOutputs({result, stage}: SiteStep, dir: string): Copies {
  if (!result) return [];
  const copies: Copies = [];
  const folder = join(dir, 'files', stage);
  const take = (from: string, name: string): void => {
    const found = statSync(from, {throwIfNoEntry: false});
    if (!found?.isFile() || found.size > LARGEST_COPY) return;
    mkdirSync(folder, {recursive: true});
    // A web server must not show as a page what an agent wrote.
    const target = /\.(?:jsonl?|txt|csv|log|md)$/.test(name) ? name : `${name}.txt`;
    copyFileSync(from, join(folder, target));
    copies.push({name, href: `files/${encodeURIComponent(stage)}/${encodeURIComponent(target)}`, bytes: found.size});
  };
  for (const name of Object.keys(result.record.outputs)) take(join(result.dir, 'out', name), name);
  take(join(result.dir, 'result.json'), 'result.json');
  return copies;
}

function tails({result}: SiteStep): {name: string; text: string; cut: number}[] {
  if (!result) return [];
  return ['stdout.log', 'stderr.log'].flatMap((name) => {
    const file = join(result.dir, name);
    const bytes = size(file);
    if (bytes === 0) return [];
    const from = Math.max(0, bytes - LOG_TAIL);
    const handle = openSync(file, 'r');
    try {
      const tail = Buffer.alloc(bytes - from);
      const count = readSync(handle, tail, 0, tail.length, from);
      const text = tail.toString('utf8', 0, count);
      const whole = from === 0 ? text : text.slice(text.indexOf('\n') + 1);
      return [{name, text: readable(whole), cut: from}];
    } finally {
      closeSync(handle);
    }
  });
}

const FIRST = 40;

/** Cuts a trace into scripts that each call `ptbTrace(number, entries)`. */
function writeTrace(file: string, dir: string, watcher: Watcher): CellFiles['trace'] {
  mkdirSync(dir, {recursive: true});
  const chunks: number[] = [];
  const first: TraceEntry[] = [];
  let entries = 0;
  let lines: string[] = [];
  let length = 0;
  let height = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    writeFileSync(join(dir, `${chunks.length}.js`), `ptbTrace("${chunks.length}",[\n${lines.join(',\n')}\n]);\n`);
    chunks.push(Math.round(height));
    lines = [];
    length = 0;
    height = 0;
  };
  for (const entry of readTrace(file)) {
    watcher.see(entry);
    entries++;
    if (first.length < FIRST) first.push(entry);
    const line = JSON.stringify([entry.time.slice(11, 19), entry.kind, entry.tool, entry.text, entry.more]);
    lines.push(line);
    length += line.length;
    height += ENTRY_HEIGHT + LINE_HEIGHT * Math.min(16, Math.floor(entry.text.length / LINE));
    if (length >= CHUNK_TEXT || lines.length >= CHUNK_ENTRIES) flush();
  }
  flush();
  if (entries === 0) return null;
  const shown = html`${first.map(
    ({time, kind, tool, text}) =>
      html`<div class="entry">
        <time>${time.slice(11, 19)}</time><span class="kind">${tool || kind.replace('_', ' ')}</span>
        <pre class="text">${text.slice(0, 2000)}</pre>
      </div>`,
  )}`;
  return {chunks, entries, first: shown};
}
