import {join} from 'node:path';
import type {Step, StepId} from '../graph/step.js';
import {byCodeUnit} from '../base/canonical.js';
import type {Bill} from '../plan/bill.js';
import {isObject, type JsonObject} from '../base/json.js';
import {PINS_FILE} from '../config/stage.js';
import {unordered, type KeyDoc, type OutputDigests, type StepKey} from '../plan/key.js';
import type {Accepted, Attempts, History} from '../plan/plan.js';
import {readAccepted} from './accept.js';
import {billsIn} from './bills.js';
import {findAttempts, type Found} from './attempt.js';
import type {Ledger} from './ledger.js';
import type {Entry} from './ledger-file.js';
import {folderName, folderOf, type Runs} from './paths.js';
import {readResult} from './result.js';
import {list, readJson} from './write.js';

type Kept = {readonly by: Accepted; readonly entry: Entry};

export type Committed = {readonly dir: string; readonly entry: Entry};

/** The past as `runs/` has it. */
export class StoredHistory implements History {
  readonly #attempted = new Map<string, ReadonlySet<string>>();
  readonly #accepted = new Map<string, ReadonlySet<string>>();
  #byKey: ReadonlyMap<string, Committed> | undefined;
  #latest: ReadonlyMap<string, Committed> | undefined;

  constructor(
    private readonly runs: Runs,
    private readonly ledger: Ledger,
    /** Its name: what another pipeline left in the same folder is no past of this one. */
    private readonly pipeline: string,
  ) {}

  /** Looks anew at what others have added below it: results, attempts. */
  forget(): void {
    this.#attempted.clear();
    this.#byKey = undefined;
    this.#latest = undefined;
  }

  entry(step: Step, key: StepKey): Entry | undefined {
    return this.#named(step, key) ?? this.#own(step, key)?.entry;
  }

  #named(step: Step, key: StepKey): Entry | undefined {
    const entry = this.ledger.get(step.stage.name, folderName(step, key));
    return entry?.key === key ? entry : undefined;
  }

  /** The readable part of a folder's name follows the order of the axes, which no key does. */
  #own(step: Step, key: StepKey): Committed | undefined {
    const {name} = step.stage;
    const entry = this.#named(step, key);
    if (entry) return {dir: join(this.runs.results, folderOf(step, key)), entry};
    this.#byKey ??= new Map(
      [...this.ledger.entries()].map(({stage, folder, entry: one}) => [
        `${stage}/${one.key}`,
        {dir: join(this.runs.results, stage, folder), entry: one},
      ]),
    );
    return this.#byKey.get(`${name}/${key}`);
  }

  outputs(step: Step, key: StepKey): OutputDigests | undefined {
    return this.entry(step, key)?.outputs;
  }

  pins(step: Step, key: StepKey): JsonObject | undefined {
    const own = this.#own(step, key);
    const told = own && readJson(join(own.dir, 'out', PINS_FILE));
    return isObject(told) ? told : undefined;
  }

  /** The result that stands for a step under a key, and where it lies. */
  committed(step: Step, key: StepKey): Committed | undefined {
    const own = this.#own(step, key);
    if (own) return own;
    const kept = this.accepted(step, key);
    return kept && this.#own(step, kept.by.from);
  }

  /** An old result that was accepted under this key, if it is still there. */
  accepted(step: Step, key: StepKey): (Kept & {readonly outputs: OutputDigests}) | undefined {
    const {name} = step.stage;
    let files = this.#accepted.get(name);
    if (files === undefined) {
      files = new Set(list(join(this.runs.root, 'accepted', name)));
      this.#accepted.set(name, files);
    }
    if (!files.has(`${folderName(step, key)}.json`)) return undefined;
    const by = readAccepted(this.runs, step, key);
    const entry = by && this.entry(step, by.from);
    return entry && {by, entry, outputs: entry.outputs};
  }

  lastDoc(id: StepId): KeyDoc | undefined {
    const last = this.last(id);
    return last === undefined ? undefined : readResult(last.dir)?.doc;
  }

  /** The newest result of a step under any key, of this pipeline; one that names none counts as any pipeline's. */
  last(id: StepId): Committed | undefined {
    if (this.#latest === undefined) {
      const latest = new Map<string, Committed>();
      for (const {stage, folder, entry} of this.ledger.entries()) {
        if ((entry.pipeline ?? this.pipeline) !== this.pipeline) continue;
        const known = latest.get(unordered(entry.step));
        if (known && known.entry.ended >= entry.ended) continue;
        latest.set(unordered(entry.step), {dir: join(this.runs.results, stage, folder), entry});
      }
      this.#latest = latest;
    }
    return this.#latest.get(unordered(id));
  }

  /** Steps of this pipeline by name that have a result and are not among these. */
  orphans(steps: Iterable<StepId>): StepId[] {
    const wanted = new Set([...steps].map(unordered));
    const found = [...this.ledger.entries()]
      .filter(({entry}) => entry.pipeline === this.pipeline && !wanted.has(unordered(entry.step)))
      .map(({entry}) => entry.step);
    return [...new Set(found)].sort(byCodeUnit);
  }

  attempts(step: Step, key: StepKey): Attempts {
    const found = this.found(step, key);
    const open = found.findLast(({kind}) => kind !== 'failed');
    if (open) return {kind: 'unsettled', attempt: open.attempt};
    const failed = found.findLast((attempt) => attempt.kind === 'failed');
    if (failed?.kind !== 'failed') return {kind: 'none'};
    return {kind: 'failed', count: found.length, class: failed.record.class, because: failed.record.because};
  }

  found(step: Step, key: StepKey): Found[] {
    const folder = this.#attemptsOf(step, key);
    return folder === undefined ? [] : findAttempts(folder, key);
  }

  /** Of all attempts under a key, its result's too; what cost nothing has none. */
  bills(step: Step, key: StepKey): Bill[] {
    const done = this.committed(step, key);
    const kept = done === undefined || done.entry.key === key ? [] : [done.entry.key];
    return [
      ...(done?.entry.bill ? [done.entry.bill] : []),
      ...[key, ...kept].flatMap((one) => {
        const folder = this.#attemptsOf(step, one);
        return folder === undefined
          ? []
          : billsIn(folder).flatMap(({owner, bill}) => (owner.key === one ? [bill] : []));
      }),
    ];
  }

  /** Its folder, if there is one. */
  #attemptsOf(step: Step, key: StepKey): string | undefined {
    const {name} = step.stage;
    let folders = this.#attempted.get(name);
    if (folders === undefined) {
      folders = new Set(list(join(this.runs.attempts, name)));
      this.#attempted.set(name, folders);
    }
    return folders.has(folderName(step, key)) ? join(this.runs.attempts, folderOf(step, key)) : undefined;
  }
}
