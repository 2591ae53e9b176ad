import {statSync} from 'node:fs';
import {join} from 'node:path';
import {LowSync} from 'lowdb';
import {JSONFileSync} from 'lowdb/node';
import type {Digest} from '../base/canonical.js';
import {isObject, type JsonObject} from '../base/json.js';
import type {StepId} from '../graph/step.js';
import type {Bill} from '../plan/bill.js';
import type {StepKey} from '../plan/key.js';
import {readResult} from './result.js';
import {list} from './write.js';

/** What the ledger keeps of a result: enough to plan and to score without opening it. */
export type Entry = {
  readonly step: StepId;
  readonly pipeline?: string;
  readonly key: StepKey;
  readonly outputs: {readonly [output: string]: Digest};
  readonly attempt: number;
  /** Wall seconds of the run script. */
  readonly seconds: number;
  readonly ended: string;
  readonly sandbox: string;
  /** Where it cost GPU time or money. */
  readonly bill?: Bill;
};

type StageEntries = {
  /** Of results/<stage>: it changes whenever a result appears or goes, so a stale ledger shows. */
  mtimeNs: string;
  results: Record<string, Entry>;
};

type Data = {version: 1; stages: Record<string, StageEntries>};

/**
 * An index of `results/`, so that a no-op over many steps is one read. It can be deleted at any time: what it does not
 * know, or what it knows of a folder that changed behind its back, is read from the results again.
 */
export class Ledger {
  readonly #db: LowSync<Data>;
  #changed = false;

  constructor(
    private readonly results: string,
    file: string,
  ) {
    this.#db = new LowSync<Data>(new JSONFileSync<Data>(file), {version: 1, stages: {}});
    try {
      this.#db.read();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#changed = true;
    }
    if (!isWhole(this.#db.data)) this.#db.data = {version: 1, stages: {}};
    this.#refresh();
  }

  get(stage: string, folder: string): Entry | undefined {
    const results = this.#db.data.stages[stage]?.results;
    return results && Object.hasOwn(results, folder) ? results[folder] : undefined;
  }

  *entries(): Generator<{readonly stage: string; readonly folder: string; readonly entry: Entry}> {
    for (const [stage, {results}] of Object.entries(this.#db.data.stages)) {
      for (const [folder, entry] of Object.entries(results)) yield {stage, folder, entry};
    }
  }

  /** Takes up a result that was just committed. */
  add(stage: string, folder: string): void {
    const entry = entryOf(join(this.results, stage, folder));
    if (!entry) return;
    const entries = (this.#db.data.stages[stage] ??= {mtimeNs: '', results: {}});
    entries.results[folder] = entry;
    entries.mtimeNs = mtime(join(this.results, stage)) ?? '';
    this.#changed = true;
  }

  /** Written when something changed; a place that cannot be written costs only the next start's time. */
  save(): void {
    if (!this.#changed) return;
    try {
      this.#db.write();
      this.#changed = false;
    } catch (error) {
      if (!['EACCES', 'EROFS', 'ENOENT', 'ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    }
  }

  #refresh(): void {
    let stages = this.#db.data.stages;
    const present = list(this.results);
    const gone = Object.keys(stages).filter((stage) => !present.includes(stage));
    if (gone.length > 0) {
      this.#db.data.stages = Object.fromEntries(Object.entries(stages).filter(([stage]) => !gone.includes(stage)));
      this.#changed = true;
      stages = this.#db.data.stages;
    }
    for (const stage of present) {
      const dir = join(this.results, stage);
      const mtimeNs = mtime(dir) ?? '';
      if (stages[stage]?.mtimeNs === mtimeNs) continue;
      const known = stages[stage]?.results ?? {};
      const fresh = list(dir).flatMap((folder) => {
        const entry = Object.hasOwn(known, folder) ? known[folder] : entryOf(join(dir, folder));
        return entry ? [[folder, entry] as const] : [];
      });
      stages[stage] = {mtimeNs, results: Object.fromEntries(fresh)};
      this.#changed = true;
    }
  }
}

/** Down to where entries are looked up; a damaged ledger is rebuilt, never repaired. */
const isWhole = (data: unknown): data is Data =>
  isObject(data) &&
  data.version === 1 &&
  isObject(data.stages) &&
  Object.values(data.stages).every(
    (stage) => isObject(stage) && isObject(stage.results) && holdsEntries(stage.results),
  );

const holdsEntries = (results: JsonObject): boolean =>
  Object.values(results).every((entry) => isObject(entry) && isObject(entry.outputs));

function entryOf(dir: string): Entry | undefined {
  const record = readResult(dir);
  if (!record) return undefined;
  const {step, pipeline, key, attempt, seconds, ended, sandbox, bill} = record;
  const outputs = Object.fromEntries(Object.entries(record.outputs).map(([name, {digest}]) => [name, digest]));
  return {
    step,
    ...(pipeline === undefined ? {} : {pipeline}),
    key,
    outputs,
    attempt,
    seconds: seconds.run,
    ended,
    sandbox,
    ...(bill && (bill.gpus > 0 || bill.usd.api !== 0) ? {bill} : {}),
  };
}

const mtime = (dir: string): string | undefined =>
  statSync(dir, {bigint: true, throwIfNoEntry: false})?.mtimeNs.toString();
