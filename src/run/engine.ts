import {basename, join} from 'node:path';
import type {Executor} from '../executor/executor.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {keyDoc, type KeyDoc, type OutputDigests, type StepKey} from '../plan/key.js';
import {judge, type Rerun} from '../plan/plan.js';
import type {Reason} from '../plan/reason.js';
import type {StoredHistory} from '../store/history.js';
import type {Ledger} from '../store/ledger.js';
import {folderName, folderOf} from '../store/paths.js';
import {publish} from '../store/result.js';
import {begin, existing, settle, type Attempt, type Context} from './attempt.js';
import type {Input} from './compose.js';
import type {Counts, Emit, Ending} from './event.js';
import {asksAsMuch, compareReady} from './schedule.js';
import {isRetried, type Failure} from './settle.js';

export type EngineRequest = Context & {
  readonly graph: Graph;
  readonly executor: Executor;
  readonly ledger: Ledger;
  readonly history: StoredHistory;
  readonly rerun: Rerun;
  readonly onFailure: 'keep-going' | 'finish-running';
  readonly emit: Emit;
  readonly signals: Signals;
};

/** `hold`: start nothing new. `detach`: leave too, the jobs go on. `stop`: end the jobs. */
export type Wanted = 'go-on' | 'hold' | 'detach' | 'stop';

/** What reaches the loop from outside. */
export type Signals = {
  readonly wanted: () => Wanted;
  /** Resolves at once when a job has ended or the user has asked for something, and latest after `ms`. */
  readonly wait: (ms: number) => Promise<void>;
};

type Queued = {
  readonly step: Step;
  readonly key: StepKey;
  readonly doc: KeyDoc;
  readonly because: Reason;
  readonly depth: number;
  readonly position: number;
  readonly failures: number;
  /** Composed, but the executor had no room. */
  readonly attempt?: Attempt;
};

type Running = Queued & {readonly attempt: Attempt; unknownSince?: number};

type State =
  | {readonly kind: 'waiting'}
  | {readonly kind: 'queued'; readonly item: Queued}
  | {readonly kind: 'running'; readonly item: Running}
  | {readonly kind: 'settling'; readonly item: Running}
  | {
      readonly kind: 'done';
      readonly outputs: OutputDigests;
      readonly dir: string;
      readonly seconds: number;
      readonly sandbox: string;
      readonly how: 'cached' | 'ran';
    }
  | {readonly kind: 'failed'; readonly failure: Failure}
  | {readonly kind: 'blocked'; readonly by: StepId};

const POLL_MS = 1000;
/** How long a submitted job may be unknown to its executor before it is submitted again under the same name. */
const UNKNOWN_PATIENCE_MS = 3000;

/** Brings every step of the graph to its end, one way or another. */
export async function runSteps(request: EngineRequest): Promise<{readonly ending: Ending; readonly counts: Counts}> {
  const {graph, executor, ledger, history, emit, signals, runs} = request;
  const states = new Map<StepId, State>([...graph.steps.keys()].map((id) => [id, {kind: 'waiting'}]));
  const downstream = downstreamOf(graph);
  const depths = new Map(graph.stages.map(({name}, depth) => [name, depth]));
  const positions = new Map([...graph.steps.keys()].map((id, position) => [id, position]));
  let failed = false;

  const isSettled = (id: StepId): boolean => ['done', 'failed', 'blocked'].includes(states.get(id)!.kind);

  /** Steps to look at again, because something that they need has settled. */
  let fresh: StepId[] = [...graph.steps.keys()];
  const settled = (id: StepId, state: State): void => {
    states.set(id, state);
    fresh.push(...(downstream.get(id) ?? []));
  };

  const decide = (id: StepId): void => {
    if (states.get(id)!.kind !== 'waiting') return;
    const step = graph.steps.get(id)!;
    for (const {need, steps} of step.needs) {
      const broken = need.optional
        ? undefined
        : steps.find((up) => ['failed', 'blocked'].includes(states.get(up)!.kind));
      if (broken) {
        emit({kind: 'blocked', step: id, by: broken});
        return settled(id, {kind: 'blocked', by: broken});
      }
    }
    if (!step.needs.every(({steps}) => steps.every(isSettled))) return;

    const outputs = (up: StepId): OutputDigests | null => {
      const state = states.get(up)!;
      return state.kind === 'done' ? state.outputs : null;
    };
    const doc = keyDoc(step, request.files.digests(step), outputs);
    const verdict = judge(step, doc, history, request.rerun);
    if (verdict.kind === 'after') throw new Error(`internal: ${id} was judged before ${verdict.upstream}`);
    if (verdict.kind === 'cached') {
      const dir = join(runs.results, folderOf(step, verdict.key));
      emit({kind: 'cached', step: id, key: verdict.key});
      const {seconds, sandbox} = history.entry(step, verdict.key)!;
      return settled(id, {kind: 'done', outputs: verdict.outputs, dir, seconds, sandbox, how: 'cached'});
    }
    const {key, because} = verdict;
    const item: Queued = {
      step,
      key,
      doc,
      because,
      depth: depths.get(step.stage.name)!,
      position: positions.get(id)!,
      failures: 0,
    };
    if (because.kind === 'unsettled') adopt(item);
    else states.set(id, {kind: 'queued', item});
  };

  /** Goes on with what an earlier controller left: a job to wait for, one to settle, or a rename to repeat. */
  const adopt = (item: Queued): void => {
    const {step, key, doc} = item;
    const found = history.found(step, key).findLast(({kind}) => kind !== 'failed')!;
    if (found.kind === 'ready') {
      const folder = folderName(step, key);
      publish(found.dir, join(runs.results, step.stage.name, folder));
      ledger.add(step.stage.name, folder);
      fresh.push(step.id);
      return;
    }
    const attempt = existing(step, key, doc, found.attempt, found.dir);
    states.set(step.id, {kind: 'running', item: {...item, attempt}});
    emit({kind: 'adopted', step: step.id, key, attempt: attempt.number, job: attempt.job.name});
  };

  const all = <K extends State['kind']>(kind: K): Extract<State, {kind: K}>[] =>
    [...states.values()].filter((state): state is Extract<State, {kind: K}> => state.kind === kind);

  const submitReady = async (): Promise<void> => {
    const refused: Queued[] = [];
    const queue = all('queued')
      .map(({item}) => item)
      .sort((a, b) => compareReady({...a, resources: a.step.spec.resources}, {...b, resources: b.step.spec.resources}));
    for (const item of queue) {
      if (signals.wanted() !== 'go-on') return;
      const {resources} = item.step.spec;
      if (refused.some(({step}) => asksAsMuch(resources, step.spec.resources))) continue;
      const attempt =
        item.attempt ??
        begin(
          item.step,
          item.key,
          item.doc,
          inputsOf(item.step),
          history.entry(item.step, item.key)?.attempt ?? 0,
          request,
        );
      const answer = await executor.submit(attempt.job);
      if (answer.kind === 'busy') {
        refused.push(item);
        states.set(item.step.id, {kind: 'queued', item: {...item, attempt}});
      } else if (answer.kind === 'accepted') {
        states.set(item.step.id, {kind: 'running', item: {...item, attempt}});
        const limit = resources.seconds ?? null;
        emit({
          kind: 'submitted',
          step: item.step.id,
          key: item.key,
          attempt: attempt.number,
          job: attempt.job.name,
          because: item.because,
          limit,
        });
      } else {
        const failure: Failure = {class: 'not-ready', because: answer.because, evidence: []};
        failed = true;
        emit({kind: 'failed', step: item.step.id, attempt: attempt.number, failure, dir: attempt.dir, again: false});
        settled(item.step.id, {kind: 'failed', failure});
      }
    }
  };

  const inputsOf = (step: Step): Input[] =>
    step.needs.map(({need, gathers, steps}) => ({
      stage: need.stage,
      gathers,
      steps: steps.map((id) => {
        const state = states.get(id)!;
        const axes = graph.steps.get(id)!.at;
        if (state.kind !== 'done') {
          const because = state.kind === 'failed' ? `${state.failure.class}: ${state.failure.because}` : `blocked`;
          return {axes, folder: '', out: null, take: [], because, seconds: null, sandbox: null};
        }
        const names = Object.keys(state.outputs);
        const take = need.take === undefined ? names : names.filter((name) => need.take!.includes(name));
        return {
          axes,
          folder: basename(state.dir),
          out: join(state.dir, 'out'),
          take,
          because: '',
          seconds: state.seconds,
          sandbox: state.sandbox,
        };
      }),
    }));

  const settling = new Set<Promise<void>>();
  let crash: {readonly error: unknown} | undefined;

  const finish = async (item: Running): Promise<void> => {
    const {step, attempt} = item;
    const end = await settle(attempt, request);
    if (end.kind === 'done') {
      ledger.add(step.stage.name, basename(end.dir));
      const outputs = Object.fromEntries(Object.entries(end.record.outputs).map(([name, {digest}]) => [name, digest]));
      const seconds = end.record.seconds;
      emit({kind: 'done', step: step.id, attempt: attempt.number, seconds: seconds.total, outputs});
      settled(step.id, {
        kind: 'done',
        outputs,
        dir: end.dir,
        seconds: seconds.run,
        sandbox: end.record.sandbox,
        how: 'ran',
      }); return;
    }
    const failures = item.failures + 1;
    const {failure} = end;
    const again = signals.wanted() === 'go-on' && isRetried(step.stage, failure, failures);
    emit({kind: 'failed', step: step.id, attempt: attempt.number, failure, dir: attempt.dir, again});
    if (again) {
      const because: Reason = {kind: 'failed-before', attempts: failures, because: failure.because};
      const {attempt: _ended, unknownSince: _since, ...rest} = item;
      states.set(step.id, {kind: 'queued', item: {...rest, because, failures}});
      return;
    }
    failed = true;
    settled(step.id, {kind: 'failed', failure});
  };

  const poll = async (): Promise<void> => {
    const running = all('running').map(({item}) => item);
    if (running.length === 0) return;
    const answers = await executor.poll(running.map(({attempt}) => attempt.job));
    for (const item of running) {
      const liveness = answers.get(item.attempt.job.name) ?? 'unknown';
      if (liveness === 'gone') {
        states.set(item.step.id, {kind: 'settling', item});
        const ending = finish(item)
          .catch((error: unknown) => (crash = {error}))
          .then(() => void settling.delete(ending));
        settling.add(ending);
      } else if (liveness === 'unknown') {
        item.unknownSince ??= Date.now();
        if (Date.now() - item.unknownSince > UNKNOWN_PATIENCE_MS && signals.wanted() === 'go-on') {
          const answer = await executor.submit(item.attempt.job);
          if (answer.kind === 'accepted') delete item.unknownSince;
        }
      } else {
        delete item.unknownSince;
      }
    }
  };

  const isOpen = (): boolean => failed && request.onFailure === 'finish-running';
  let told: 'hold' | 'stop' | undefined;
  for (;;) {
    if (crash) throw crash.error;
    while (fresh.length > 0) {
      const next = fresh;
      fresh = [];
      next.forEach(decide);
    }
    const wanted = signals.wanted();
    const heard = wanted === 'detach' ? 'hold' : wanted;
    if (heard !== 'go-on' && told !== heard) {
      told = heard;
      const running = all('running');
      emit({kind: heard === 'hold' ? 'detaching' : 'stopping', running: running.length});
      if (heard === 'stop') await Promise.all(running.map(({item}) => executor.cancel(item.attempt.job)));
    }
    if (wanted === 'detach') break;
    if (wanted === 'go-on' && !isOpen()) await submitReady();
    await poll();
    if (fresh.length > 0) continue;
    if (all('running').length === 0 && settling.size === 0) {
      if (wanted !== 'go-on' || isOpen() || all('queued').length === 0) break;
    }
    await Promise.race([signals.wait(POLL_MS), ...settling]);
  }
  await Promise.all(settling);
  ledger.save();
  const counts = countsOf(states);
  const ending: Ending = told === 'hold' ? 'detached' : told === 'stop' ? 'stopped' : failed ? 'failed' : 'done';
  return {ending, counts};
}

function countsOf(states: ReadonlyMap<StepId, State>): Counts {
  const counts = {cached: 0, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};
  for (const state of states.values()) {
    if (state.kind === 'done') counts[state.how === 'cached' ? 'cached' : 'done']++;
    else if (state.kind === 'queued') counts.waiting++;
    else if (state.kind === 'settling') counts.running++;
    else counts[state.kind]++;
  }
  return counts;
}

function downstreamOf({steps}: Graph): Map<StepId, StepId[]> {
  const found = new Map<StepId, StepId[]>();
  for (const step of steps.values()) {
    for (const need of step.needs) {
      for (const id of need.steps) {
        const list = found.get(id);
        if (list) list.push(step.id);
        else found.set(id, [step.id]);
      }
    }
  }
  return found;
}
