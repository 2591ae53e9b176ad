import {basename, join} from 'node:path';
import type {Executor} from '../executor/executor.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {keyDoc, type OutputDigests} from '../plan/key.js';
import {judge, type Rerun, type Verdict} from '../plan/plan.js';
import type {StoredHistory} from '../store/history.js';
import {FileChanged} from '../store/files.js';
import type {Ledger} from '../store/ledger.js';
import {folderName} from '../store/paths.js';
import {publish} from '../store/result.js';
import {begin, existing, hasEnded, refuse, settle, type Attempt, type Context} from './attempt.js';
import {GpuBudget} from './budget.js';
import {Board, isBroken, isSettled, type Queued, type Running} from './board.js';
import type {Input} from './compose.js';
import type {Counts, Emit, Ending} from './event.js';
import {asksAsMuch, byUrgency} from './schedule.js';
import {isRetried, type Failure} from './settle.js';

export type EngineRequest = Context & {
  readonly graph: Graph;
  readonly executor: Executor;
  readonly ledger: Ledger;
  readonly history: StoredHistory;
  readonly rerun: Rerun;
  /** Why a step must not be started, if it must not. */
  readonly hold: (step: Step, verdict: Verdict) => string | undefined;
  readonly onFailure: 'keep-going' | 'finish-running';
  /** Cap on the GPU-hours of this run; Infinity for none. */
  readonly maxGpuHours: number;
  readonly emit: Emit;
  readonly signals: Signals;
};

/** `hold`: start nothing new. `detach`: leave too, the jobs go on. `stop`: end the jobs. */
export type Wanted = 'go-on' | 'hold' | 'detach' | 'stop';

/** What reaches the loop from outside. */
export type Signals = {
  readonly wanted: () => Wanted;
  /** Resolves when a job or one of `others` has ended, or the user has asked for something, at the latest after `ms`. */
  readonly wait: (ms: number, others: Iterable<Promise<void>>) => Promise<void>;
};

const POLL_MS = 1000;

/** Brings every step of the graph to its end, one way or another. */
export async function runSteps(request: EngineRequest): Promise<{readonly ending: Ending; readonly counts: Counts}> {
  return new Engine(request).run();
}

class Engine {
  readonly #board: Board;
  readonly #settling = new Set<Promise<void>>();
  readonly #budget: GpuBudget;
  /** Steps that the cap keeps from starting. */
  readonly #overBudget = new Set<StepId>();
  #crash: {readonly error: unknown} | undefined;
  #failed = false;
  #adopted = false;
  #held = false;
  #told: 'hold' | 'stop' | undefined;

  constructor(private readonly request: EngineRequest) {
    this.#board = new Board(request.graph);
    this.#budget = new GpuBudget(request.maxGpuHours);
  }

  async run(): Promise<{readonly ending: Ending; readonly counts: Counts}> {
    const {signals, ledger} = this.request;
    while (signals.wanted() !== 'detach') {
      while (this.#board.hasFresh()) this.#board.takeFresh().forEach((id) => this.#decide(id));
      await this.#heed();
      // Adopted jobs hold their slots: the executor sees them before it is handed anything new.
      if (this.#adopted) await this.#poll();
      this.#adopted = false;
      await this.#poll();
      if (this.#maySubmit()) await this.#submit();
      this.#rethrow();
      if (this.#board.hasFresh()) continue;
      const idle = this.#board.running.length === 0 && this.#settling.size === 0;
      if (idle && (!this.#mayStart() || this.#board.queued.length === this.#overBudget.size)) break;
      await signals.wait(POLL_MS, this.#settling);
    }
    await this.#heed();
    await Promise.all(this.#settling);
    this.#rethrow();
    ledger.save();
    return {ending: this.#ending(), counts: this.#board.counts};
  }

  /** A settling that threw is a bug of ours or a disk that failed: neither may pass for a step's failure. */
  #rethrow(): void {
    if (this.#crash) throw this.#crash.error;
  }

  #ending(): Ending {
    if (this.#told === 'stop') return 'stopped';
    if (this.#told === 'hold') return 'detached';
    if (this.#overBudget.size > 0) return 'capped';
    return this.#failed || this.#held ? 'failed' : 'done';
  }

  #mayStart(): boolean {
    const {signals, onFailure} = this.request;
    return signals.wanted() === 'go-on' && !(this.#failed && onFailure === 'finish-running');
  }

  /** Whether an ended job failed shows when it is settled, and its slots are free before that. */
  #maySubmit(): boolean {
    return this.#mayStart() && (this.request.onFailure === 'keep-going' || this.#settling.size === 0);
  }

  /** Tells of the user's wish once, and ends the jobs where that is the wish. */
  async #heed(): Promise<void> {
    const {signals, emit, executor} = this.request;
    const wanted = signals.wanted();
    if (wanted === 'go-on') return;
    const heard = wanted === 'stop' ? 'stop' : 'hold';
    if (this.#told === heard) return;
    this.#told = heard;
    const {running} = this.#board;
    emit({kind: heard === 'hold' ? 'detaching' : 'stopping', running: running.length});
    if (heard === 'stop') await Promise.all(running.map(({attempt}) => executor.cancel(attempt.job)));
  }

  /** A verdict for a step whose needs may all be settled. */
  #decide(id: StepId): void {
    const {graph, files, history, rerun, hold, emit} = this.request;
    const step = graph.steps.get(id)!;
    for (const {need, steps} of step.needs) {
      const broken = need.optional ? undefined : steps.find((up) => isBroken(this.#board.get(up)));
      if (broken === undefined) continue;
      const state = this.#board.get(broken);
      const by = state.kind === 'blocked' ? state.by : broken;
      const because = this.#board.get(by).kind === 'held' ? 'held' : 'failed';
      emit({kind: 'blocked', step: id, by, because});
      this.#board.set(id, {kind: 'blocked', by});
      return;
    }
    if (!step.needs.every(({steps}) => steps.every((up) => isSettled(this.#board.get(up))))) return;

    const outputs = (up: StepId): OutputDigests | null => {
      const state = this.#board.get(up);
      return state.kind === 'done' ? state.outputs : null;
    };
    const verdict = judge(step, keyDoc(step, files.digests(step), outputs), history, rerun);
    if (verdict.kind === 'after') throw new Error(`internal: ${id} was judged before ${verdict.upstream}`);
    const {key} = verdict;
    if (verdict.kind === 'cached') {
      const {dir, entry} = history.committed(step, key)!;
      const {seconds, sandbox} = entry;
      emit({kind: 'cached', step: id, key});
      this.#board.set(id, {kind: 'done', outputs: verdict.outputs, dir, seconds, sandbox, how: 'cached'});
      return;
    }
    if (verdict.kind === 'failed') {
      this.#failed = true;
      emit({kind: 'still-failed', step: id, attempts: verdict.attempts, because: verdict.because});
      this.#board.set(id, {kind: 'failed', failure: {class: 'failed', because: verdict.because, evidence: []}});
      return;
    }
    const because = hold(step, verdict);
    if (because !== undefined) {
      this.#held = true;
      emit({kind: 'held', step: id, because});
      this.#board.set(id, {kind: 'held', because});
      return;
    }
    const item: Queued = {step, key, doc: verdict.doc, because: verdict.because, failures: 0};
    if (verdict.because.kind === 'unsettled') this.#adopt(item);
    else this.#board.set(id, {kind: 'queued', item});
  }

  /** Goes on with what an earlier controller left: a job to wait for or to settle, or a rename to repeat. */
  #adopt(item: Queued): void {
    const {history, ledger, runs, emit} = this.request;
    const {step, key, doc} = item;
    const found = history.found(step, key).findLast(({kind}) => kind !== 'failed')!;
    if (found.kind === 'ready') {
      const folder = folderName(step, key);
      publish(found.dir, join(runs.results, step.stage.name, folder));
      ledger.add(step.stage.name, folder);
      this.#board.refresh(step.id);
      return;
    }
    const attempt = existing(step, key, doc, found.attempt, found.dir);
    this.#budget.adopt(step);
    this.#adopted = true;
    this.#board.set(step.id, {kind: 'running', item: {...item, attempt}});
    emit({kind: 'adopted', step: step.id, key, attempt: attempt.number, job: attempt.job.name});
  }

  /** Hands queued steps to the executor, most urgent first, as long as it has room for any of them. */
  async #submit(): Promise<void> {
    const {executor, history, emit, graph} = this.request;
    const full: Step[] = [];
    this.#overBudget.clear();
    for (const item of byUrgency(this.#board.queued, graph.stages)) {
      if (!this.#mayStart()) return;
      if ((item.notBefore ?? 0) > Date.now()) continue;
      const {step, key, because} = item;
      const {resources} = step.spec;
      if (full.some(({spec}) => asksAsMuch(resources, spec.resources))) continue;
      if (!this.#budget.reserve(step)) {
        this.#overBudget.add(step.id);
        continue;
      }
      const earlier = history.entry(step, key)?.attempt ?? 0;
      const attempt = item.attempt ?? this.#begin(item, earlier);
      if (!attempt) {
        this.#budget.settle(step, 0);
        continue;
      }
      const answer = await executor.submit(attempt.job);
      switch (answer.kind) {
        case 'busy':
          full.push(step);
          this.#budget.settle(step, 0);
          this.#board.set(step.id, {kind: 'queued', item: {...item, attempt}});
          break;
        case 'accepted': {
          this.#board.set(step.id, {kind: 'running', item: {...item, attempt}});
          const {number, job} = attempt;
          const limit = resources.seconds ?? null;
          emit({kind: 'submitted', step: step.id, key, attempt: number, job: job.name, because, limit});
          break;
        }
        case 'refused':
          this.#fail({...item, attempt}, refuse(attempt, answer.because));
          break;
      }
    }
  }

  /** Undefined when a file that the step reads was edited since its verdict: it is judged again, by what stands there now. */
  #begin({step, key, doc, failures}: Queued, earlier: number): Attempt | undefined {
    try {
      return begin(step, key, doc, this.#inputs(step), earlier, failures, this.request);
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error;
      this.request.files.forget();
      this.#board.set(step.id, {kind: 'waiting'});
      this.#board.refresh(step.id);
      return undefined;
    }
  }

  #inputs(step: Step): Input[] {
    const {graph} = this.request;
    return step.needs.map(({need, gathers, steps}) => ({
      stage: need.stage,
      gathers,
      steps: steps.map((id) => {
        const state = this.#board.get(id);
        const axes = graph.steps.get(id)!.at;
        if (state.kind !== 'done') {
          const why =
            state.kind === 'failed'
              ? `${need.stage} failed: ${state.failure.because}`
              : state.kind === 'blocked'
                ? `${state.by} failed`
                : state.kind === 'held'
                  ? `not started: ${state.because}`
                  : 'it is not there';
          return {axes, folder: '', out: null, take: [], because: why, seconds: null, sandbox: null};
        }
        const {dir, outputs, seconds, sandbox} = state;
        const take = Object.keys(outputs).filter((name) => need.take?.includes(name) ?? true);
        return {axes, folder: basename(dir), out: join(dir, 'out'), take, because: '', seconds, sandbox};
      }),
    }));
  }

  /** Asks the executor about all running jobs at once, and settles those that are gone. */
  async #poll(): Promise<void> {
    const {executor} = this.request;
    const {running} = this.#board;
    if (running.length === 0) return;
    const answers = await executor.poll(running.map(({attempt}) => attempt.job));
    for (const item of running) {
      const {id} = item.step;
      const liveness = answers.get(item.attempt.job.name)?.liveness ?? 'unknown';
      if (liveness === 'absent') await this.#resubmit(item);
      if (liveness !== 'gone') continue;
      this.#board.set(id, {kind: 'settling'});
      const ending = this.#settle(item)
        .catch((error: unknown) => {
          this.#crash = {error};
        })
        .then(() => void this.#settling.delete(ending));
      this.#settling.add(ending);
    }
  }

  /**
   * A job that the executor does not know although it was made: the controller died before or in its submission. Should that
   * go through after all, job.sh of the second one finds the attempt claimed.
   */
  async #resubmit(item: Running): Promise<void> {
    if (!this.#mayStart()) return;
    const answer = await this.request.executor.submit(item.attempt.job);
    if (answer.kind === 'refused') this.#fail(item, refuse(item.attempt, answer.because));
  }

  async #settle(item: Running): Promise<void> {
    const {ledger, emit, executor} = this.request;
    const {step, attempt} = item;
    // Its script was killed alone, perhaps: what it left running must not meet the next attempt.
    if (!hasEnded(attempt)) await executor.cancel(attempt.job);
    const end = await settle(attempt, this.request);
    this.#budget.settle(step, end.kind === 'done' ? end.record.seconds.run : end.seconds);
    if (end.kind === 'failed') {
      this.#fail(item, end.failure);
      return;
    }
    const {record, dir} = end;
    ledger.add(step.stage.name, basename(dir));
    const outputs = Object.fromEntries(Object.entries(record.outputs).map(([name, {digest}]) => [name, digest]));
    emit({kind: 'done', step: step.id, key: item.key, attempt: attempt.number, seconds: record.seconds.total, outputs});
    const {seconds, sandbox} = record;
    this.#board.set(step.id, {kind: 'done', outputs, dir, seconds: seconds.run, sandbox, how: 'ran'});
  }

  #fail(item: Running, failure: Failure): void {
    const {emit} = this.request;
    const {step, attempt, key, doc} = item;
    this.#budget.settle(step, 0);
    const failures = item.failures + 1;
    const again = this.#mayStart() && isRetried(step.stage, failure, failures);
    emit({kind: 'failed', step: step.id, attempt: attempt.number, failure, dir: attempt.dir, again});
    if (again) {
      const because = {kind: 'failed-before', attempts: failures, because: failure.because} as const;
      const notBefore = Date.now() + step.spec.retry.backoffSeconds * 1000 * 2 ** (failures - 1);
      this.#board.set(step.id, {kind: 'queued', item: {step, key, doc, because, failures, notBefore}});
      return;
    }
    this.#failed = true;
    this.#board.set(step.id, {kind: 'failed', failure});
  }
}
