import {unreachable} from '../base/unreachable.js';
import type {Executor} from '../executor/executor.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import type {OutputDigests} from '../plan/key.js';
import {addBill, NOTHING_SPENT} from '../plan/bill.js';
import type {Estimates} from '../plan/estimate.js';
import {judge, type Rerun, type Verdict} from '../plan/plan.js';
import type {StoredHistory} from '../store/history.js';
import {FileChanged, FileGone} from '../store/files.js';
import type {Ledger} from '../store/ledger.js';
import {digestsOf} from '../store/result.js';
import {begin, refuse, type Attempt, type Context} from './attempt.js';
import {noBill} from './bill.js';
import {Budget, type Caps} from './budget.js';
import {Board, isBroken, isSettled, type Queued, type Running} from './board.js';
import type {Emit, Ending, RunEnd} from './event.js';
import {inputsOf} from './inputs.js';
import {Jobs, type End, type Watcher} from './jobs.js';
import {RunLimits} from './limits.js';
import {expectedSeconds, type Limits} from './schedule.js';
import {isRetried, type Failure} from './settle.js';
import type {Signals, Wanted} from './signals.js';
import {Strays} from './strays.js';

export type EngineRequest = Context & {
  readonly graph: Graph;
  readonly executor: Executor;
  readonly ledger: Ledger;
  readonly history: StoredHistory;
  readonly rerun: Rerun;
  /** Why a step must not be started, if it must not. */
  readonly hold: (step: Step, verdict: Verdict) => string | undefined;
  readonly onFailure: 'keep-going' | 'finish-running';
  readonly caps: Caps;
  readonly estimates: Estimates;
  readonly limits: Limits;
  /** When the controller goes: when all is done, or as soon as what is ready is with the executor. */
  readonly leave: 'when-done' | 'when-submitted';
  readonly emit: Emit;
  readonly signals: Signals;
};

const POLL_MS = 1000;

/** Brings every step of the graph to its end, one way or another. */
export async function runSteps(request: EngineRequest): Promise<RunEnd> {
  return new Engine(request).run();
}

class Engine {
  readonly #board: Board;
  readonly #jobs: Jobs;
  readonly #strays: Strays;
  readonly #budget: Budget;
  readonly #limits: RunLimits;
  #spent = NOTHING_SPENT;
  /** Steps that a cap keeps from starting. */
  readonly #overBudget = new Set<StepId>();
  #failed = false;
  #held = false;
  #told: 'hold' | 'stop' | undefined;
  /** What is ready is with the executor, and that is all that was asked for. */
  #submitted = false;

  constructor(private readonly request: EngineRequest) {
    this.#board = new Board(request.graph, (step) => expectedSeconds(step, request.estimates(step)));
    this.#jobs = new Jobs(request.executor, request, ({record}, {kind, bill, turnedAway}) => {
      this.#spent = addBill(this.#spent, bill);
      this.#limits.ended(record.uses ?? [], turnedAway, kind);
    });
    this.#strays = new Strays(request, this.#jobs, (step) => this.#board.refresh(step));
    this.#budget = new Budget(request.caps, request.estimates);
    this.#limits = new RunLimits(request.limits, request.runs.pauses, request.emit);
  }

  async run(): Promise<RunEnd> {
    const {signals, ledger} = this.request;
    await this.#strays.takeUp();
    // What earlier runs left holds its slots: the executor sees it before it is handed anything new.
    await this.#jobs.poll();
    while (this.#wanted() !== 'detach') {
      while (this.#board.hasFresh()) this.#board.takeFresh().forEach((id) => this.#decide(id));
      await this.#heed();
      await this.#jobs.poll();
      if (this.#maySubmit()) await this.#submit();
      this.#tell();
      this.#jobs.rethrow();
      if (this.#board.hasFresh()) continue;
      if (this.#isOver()) break;
      this.#submitted = this.#jobs.settling.size === 0;
      if (this.#wanted() === 'detach') break;
      await signals.wait(POLL_MS, this.#jobs.settling);
    }
    await this.#heed();
    await Promise.all(this.#jobs.settling);
    this.#jobs.rethrow();
    this.#leave();
    ledger.save();
    return this.#end();
  }

  #end(): RunEnd {
    const end = {ending: this.#ending(), counts: this.#board.counts, spent: this.#spent};
    if (end.ending !== 'capped') return end;
    const waiting = [...this.request.graph.steps.values()].filter(({id}) => !isSettled(this.#board.get(id)));
    return {...end, capped: this.#budget.capped(waiting)};
  }

  #isOver(): boolean {
    if (this.#jobs.settling.size > 0 || this.#board.running.length > 0) return false;
    if (this.#told === 'stop' && this.#jobs.alive.length > 0) return false;
    return !this.#mayStart() || (this.#board.queue.size === this.#overBudget.size && this.#strays.waiting === 0);
  }

  #ending(): Ending {
    if (this.#told === 'stop') return 'stopped';
    if (this.#told === 'hold') return 'detached';
    if (this.#overBudget.size > 0) return 'capped';
    return this.#failed || this.#held ? 'failed' : 'done';
  }

  #wanted(): Wanted {
    const {signals, leave} = this.request;
    const wanted = signals.wanted();
    return wanted === 'go-on' && leave === 'when-submitted' && this.#submitted ? 'detach' : wanted;
  }

  /** Hands on what the executor has to say. */
  #tell(): void {
    const {executor, emit} = this.request;
    for (const text of executor.notices?.() ?? []) emit({kind: 'notice', text});
  }

  #mayStart(): boolean {
    const {onFailure} = this.request;
    return this.#wanted() === 'go-on' && !(this.#failed && onFailure === 'finish-running');
  }

  /** Whether an ended job failed shows when it is settled, and its slots are free before that. */
  #maySubmit(): boolean {
    return this.#mayStart() && (this.request.onFailure === 'keep-going' || this.#jobs.settling.size === 0);
  }

  /** Tells of the user's wish once, and ends the jobs where that is the wish. */
  async #heed(): Promise<void> {
    const {emit} = this.request;
    const wanted = this.#wanted();
    if (wanted === 'go-on') return;
    const heard = wanted === 'stop' ? 'stop' : 'hold';
    if (this.#told === heard) return;
    this.#told = heard;
    const {alive} = this.#jobs;
    emit({kind: heard === 'hold' ? 'detaching' : 'stopping', running: alive.length});
    if (heard === 'stop') await this.#jobs.cancel(alive);
  }

  /** Tells of jobs that go on although the run is over. */
  #leave(): void {
    if (this.#told !== undefined) return;
    this.#strays.close();
    const {alive} = this.#jobs;
    if (alive.length === 0) return;
    this.request.emit({kind: 'leaving', jobs: alive.map(({record: {step, name}}) => ({step, job: name}))});
  }

  /** A verdict for a step whose needs may all be settled. */
  #decide(id: StepId): void {
    const {graph, history, rerun, hold, emit} = this.request;
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

    const verdict = this.#judge(step);
    if (verdict === undefined) return;
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
    if (because !== undefined) return this.#hold(step, because);
    const item: Queued = {step, key, doc: verdict.doc, because: verdict.because, failures: 0};
    const met = this.#strays.meet(step, verdict, rerun(step));
    switch (met.kind) {
      case 'none':
        return this.#board.set(id, {kind: 'queued', item});
      case 'own':
        return this.#adopt({...item, attempt: met.attempt});
      case 'elsewhere':
        return this.#hold(step, met.because);
      case 'waits':
        return;
      default:
        return unreachable(met);
    }
  }

  /** Undefined, and the step held, when a file that it takes was deleted since the pipeline was read. */
  #judge(step: Step): Verdict | undefined {
    const {files, history, rerun} = this.request;
    const outputs = (up: StepId): OutputDigests | null => {
      const state = this.#board.get(up);
      return state.kind === 'done' ? state.outputs : null;
    };
    try {
      return judge(step, files.digests(step), outputs, history, rerun);
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
      this.#hold(step, error.message);
      return undefined;
    }
  }

  #hold({id}: Step, because: string): void {
    this.#held = true;
    this.request.emit({kind: 'held', step: id, because});
    this.#board.set(id, {kind: 'held', because});
  }

  /** Goes on with the job that an earlier run made for this step. */
  #adopt(item: Running): void {
    const {step, key, attempt} = item;
    if (this.#jobs.liveness(attempt.dir) === undefined) {
      this.#board.set(step.id, {kind: 'queued', item});
      return;
    }
    this.#budget.adopt(step);
    this.#run(item);
    const {attempt: number, name: job} = attempt.record;
    this.request.emit({kind: 'adopted', step: step.id, key, attempt: number, job});
  }

  #run(item: Running): void {
    this.#board.set(item.step.id, {kind: 'running', item});
    const watcher: Watcher = {
      telling: 'done',
      ended: (end) => this.#ended(item, end),
      absent: () => {
        this.#budget.settle(item.step, undefined);
        this.#board.set(item.step.id, {kind: 'queued', item});
      },
    };
    this.#jobs.watch(item.attempt, watcher, 'in-this-run');
  }

  /** Hands queued steps to the executor, most urgent first, as long as it has room for any of them. */
  async #submit(): Promise<void> {
    const {executor, emit} = this.request;
    this.#overBudget.clear();
    const offer = this.#board.queue.offer();
    for (let queued = offer.next(); queued !== undefined; queued = offer.next()) {
      if (!this.#mayStart()) return;
      if ((queued.notBefore ?? 0) > performance.now()) continue;
      const {step, key, because} = queued;
      const {resources} = step.spec;
      if (this.#limits.keeps(step, this.#jobs.alive)) continue;
      if (!this.#budget.reserve(step)) {
        this.#overBudget.add(step.id);
        continue;
      }
      const attempt = queued.attempt ?? this.#begin(queued);
      if (!attempt) {
        this.#budget.settle(step, undefined);
        continue;
      }
      const item = {...queued, attempt};
      const answer = await executor.submit(attempt.job);
      switch (answer.kind) {
        case 'busy':
          offer.full(resources);
          this.#budget.settle(step, undefined);
          this.#board.set(step.id, {kind: 'queued', item});
          break;
        case 'accepted': {
          this.#run(item);
          const {attempt: number, name: job} = attempt.record;
          const limit = resources.seconds ?? null;
          emit({kind: 'submitted', step: step.id, key, attempt: number, job, because, limit});
          break;
        }
        case 'refused':
          this.#fail(item, refuse(attempt, 'not-ready', answer.because), {again: 'never'});
          break;
      }
    }
  }

  /** Undefined when a file that the step takes was edited or deleted since its verdict: it is judged again, by what stands there now. */
  #begin({step, key, doc, failures}: Queued): Attempt | undefined {
    const {history, files} = this.request;
    const earlier = history.entry(step, key)?.attempt ?? 0;
    try {
      return begin(step, key, doc, inputsOf(step, this.#board), earlier, failures, this.request);
    } catch (error) {
      if (!(error instanceof FileChanged || error instanceof FileGone)) throw error;
      files.forget();
      this.#board.set(step.id, {kind: 'waiting'});
      this.#board.refresh(step.id);
      return undefined;
    }
  }

  #ended(item: Running, end: End): void {
    const {step} = item;
    if (end.kind === 'failed') return this.#fail(item, end.failure, end);
    const {record, dir, bill} = end;
    this.#budget.settle(step, bill);
    const {seconds, sandbox} = record;
    this.#board.set(step.id, {
      kind: 'done',
      outputs: digestsOf(record),
      dir,
      seconds: seconds.run,
      sandbox,
      how: 'ran',
    });
  }

  /** `never`: asked again, the executor would say the same. */
  #fail(item: Running, failure: Failure, how: Extract<End, {kind: 'failed'}> | {readonly again: 'never'}): void {
    const {emit} = this.request;
    const {step, attempt, key, doc} = item;
    const bill = 'bill' in how ? how.bill : noBill(attempt.record);
    this.#budget.settle(step, bill);
    const failures = item.failures + 1;
    const again = this.#mayStart() && 'ended' in how && isRetried(step.stage, failure, failures, how.ended);
    emit({kind: 'failed', step: step.id, attempt: attempt.record.attempt, failure, dir: attempt.dir, again, bill});
    if (again) {
      const because = {kind: 'failed-before', attempts: failures, because: failure.because} as const;
      const notBefore = performance.now() + step.spec.retry.backoffSeconds * 1000 * 2 ** (failures - 1);
      this.#board.set(step.id, {kind: 'queued', item: {step, key, doc, because, failures, notBefore}});
      return;
    }
    this.#failed = true;
    this.#board.set(step.id, {kind: 'failed', failure});
  }
}
