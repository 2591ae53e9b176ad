import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {LowSync} from 'lowdb';
import {entryAt, LedgerFile, type Entry, type LedgerData, type Line} from './ledger-file.js';
import {digestsOf, readResult, type ResultRecord} from './result.js';
import {list} from './write.js';

/** Something else stands under its name. */
const NO_FILE = ['EISDIR', 'ELOOP', 'ENOTEMPTY'];

/** The coarsest clock of a file system that runs/ may lie on: FAT counts in two seconds. */
const TICK_MS = 2000;

/**
 * An index of `results/`, so that a no-op over many steps is one read. It can be deleted at any time: what it does not
 * know, or what it knows of a folder that changed behind its back, is read from the results again.
 */
export class Ledger {
  readonly #db: LowSync<LedgerData>;
  #changed: boolean;

  constructor(
    private readonly results: string,
    file: string,
  ) {
    const none = {bytes: Buffer.alloc(0), stages: new Map()};
    this.#db = new LowSync<LedgerData>(new LedgerFile(file), none);
    this.#db.read();
    this.#changed = this.#db.data === none && existsSync(file);
    this.#refresh();
  }

  get(stage: string, folder: string): Entry | undefined {
    const results = this.#db.data.stages.get(stage)?.results;
    const known = results?.get(folder);
    return known === undefined ? undefined : this.#read(stage, folder, known);
  }

  *entries(): Generator<{readonly stage: string; readonly folder: string; readonly entry: Entry}> {
    for (const [stage, {results}] of this.#db.data.stages) {
      for (const [folder, known] of results) {
        const entry = this.#read(stage, folder, known);
        if (entry) yield {stage, folder, entry};
      }
    }
  }

  /** A line that is damaged is read from its result again. */
  #read(stage: string, folder: string, known: Entry | Line): Entry | undefined {
    if (typeof known !== 'number') return known;
    const entry = entryAt(this.#db.data.bytes, known);
    if (entry) return entry;
    this.#changed = true;
    const {results} = this.#db.data.stages.get(stage)!;
    const anew = entryOf(join(this.results, stage, folder));
    if (anew) results.set(folder, anew);
    else results.delete(folder);
    return anew;
  }

  /** Takes up a result that was just committed with this record. */
  add(stage: string, folder: string, record: ResultRecord): void {
    const entry = entryOf(join(this.results, stage, folder), () => record);
    if (!entry) return;
    const results = this.#db.data.stages.get(stage)?.results ?? new Map<string, Entry>();
    this.#db.data.stages.set(stage, {mtimeNs: '', results: results.set(folder, entry)});
    this.#changed = true;
  }

  /** Written when something changed; a place that cannot be written costs only the next start's time. */
  save(): void {
    if (!this.#changed) return;
    try {
      this.#db.write();
      this.#changed = false;
    } catch (error) {
      if (
        !['EACCES', 'EROFS', 'ENOENT', 'ENOSPC', 'EDQUOT', ...NO_FILE].includes(
          (error as NodeJS.ErrnoException).code ?? '',
        )
      )
        throw error;
    }
  }

  #refresh(): void {
    const present = list(this.results);
    for (const stage of this.#db.data.stages.keys()) {
      if (present.includes(stage)) continue;
      this.#db.data.stages.delete(stage);
      this.#changed = true;
    }
    for (const stage of present) {
      const dir = join(this.results, stage);
      const mtimeNs = settledMtime(dir);
      const before = this.#db.data.stages.get(stage);
      if (mtimeNs !== '' && before?.mtimeNs === mtimeNs) continue;
      const known = before?.results ?? new Map<string, Entry | Line>();
      const results = new Map<string, Entry | Line>();
      let isAsBefore = before?.mtimeNs === mtimeNs;
      for (const folder of list(dir)) {
        const line = known.get(folder);
        const one = typeof line === 'number' ? entryAt(this.#db.data.bytes, line) : line;
        const isSame = one?.mark !== undefined && one.mark === markOf(join(dir, folder));
        const entry = isSame ? line : entryOf(join(dir, folder));
        if (entry === undefined) continue;
        results.set(folder, entry);
        isAsBefore &&= isSame;
      }
      this.#db.data.stages.set(stage, {mtimeNs, results});
      this.#changed ||= !isAsBefore || results.size !== known.size;
    }
  }
}

function entryOf(dir: string, read = readResult): Entry | undefined {
  // Before it is read: whoever replaces it meanwhile shows next time.
  const mark = markOf(dir);
  const record = read(dir);
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
  try {
    const stat = statSync(join(dir, 'result.json'), {bigint: true, throwIfNoEntry: false});
    return stat && `${stat.ino}-${stat.mtimeNs}`;
  } catch {
    return undefined; // a ring of links: no result
  }
}
