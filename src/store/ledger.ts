import {statSync} from 'node:fs';
import {join} from 'node:path';
import {LowSync} from 'lowdb';
import {JSONFileSync} from 'lowdb/node';
import type {Digest} from '../base/canonical.js';
import {isObject, type JsonObject} from '../base/json.js';
import type {StepId} from '../graph/step.js';
import type {Bill} from '../plan/bill.js';
import type {StepKey} from '../plan/key.js';
import {digestsOf, readResult} from './result.js';
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
  /** Inode and time of its `result.json`: another result in the same folder has another. */
  readonly mark?: string;
};

type StageEntries = {
  /**
   * Of results/<stage>: it changes whenever a result appears or goes, so a stale ledger shows. Empty where it was so young when
   * it was read that a further change could have left it the same.
   */
  mtimeNs: string;
  results: Record<string, Entry>;
};

/** The coarsest clock of a file system that runs/ may lie on: FAT counts in two seconds. */
const TICK_MS = 2000;

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
    entries.mtimeNs = '';
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
      const mtimeNs = settledMtime(dir);
      const before = stages[stage];
      if (mtimeNs !== '' && before?.mtimeNs === mtimeNs) continue;
      const known = before?.results ?? {};
      const results = Object.fromEntries(
        list(dir).flatMap((folder) => {
          const one = Object.hasOwn(known, folder) ? known[folder] : undefined;
          const isSame = one?.mark !== undefined && one.mark === markOf(join(dir, folder));
          const entry = isSame ? one : entryOf(join(dir, folder));
          return entry ? [[folder, entry] as const] : [];
        }),
      );
      const isAsBefore =
        before?.mtimeNs === mtimeNs &&
        Object.keys(known).length === Object.keys(results).length &&
        Object.entries(results).every(([folder, entry]) => known[folder] === entry);
      stages[stage] = {mtimeNs, results};
      this.#changed ||= !isAsBefore;
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
  // Before it is read: whoever replaces it meanwhile shows next time.
  const mark = markOf(dir);
  const record = readResult(dir);
  if (!record || mark === undefined) return undefined;
  const {step, pipeline, key, attempt, seconds, ended, sandbox, bill} = record;
  return {
    step,
    ...(pipeline === undefined ? {} : {pipeline}),
    key,
    outputs: digestsOf(record),
    attempt,
    seconds: seconds.run,
    ended,
    sandbox,
    ...(bill && (bill.gpus > 0 || bill.usd.api !== 0) ? {bill} : {}),
    mark,
  };
}

/** Of a folder in nanoseconds; empty when it is younger than a tick of the clock, or of the future. */
function settledMtime(dir: string): string {
  const stat = statSync(dir, {bigint: true, throwIfNoEntry: false});
  return stat && Date.now() - Number(stat.mtimeMs) > TICK_MS ? stat.mtimeNs.toString() : '';
}

function markOf(dir: string): string | undefined {
  const stat = statSync(join(dir, 'result.json'), {bigint: true, throwIfNoEntry: false});
  return stat && `${stat.ino}-${stat.mtimeNs}`;
}
