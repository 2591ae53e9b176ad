import {expect, test} from 'vitest';
import type {Digest} from '../../src/base/canonical.js';
import type {Graph} from '../../src/graph/graph.js';
import type {Step, StepId} from '../../src/graph/step.js';
import type {KeyDoc, OutputDigests, StepKey} from '../../src/plan/key.js';
import {plan, type Attempts, type FileDigests, type History, type Moment, type Rerun} from '../../src/plan/plan.js';
import {describeReason} from '../../src/plan/reason.js';
import {BASE, trainWith} from '../config/project.js';
import {build, stepOf} from '../graph/build.js';

class MapHistory implements History {
  readonly results = new Map<StepKey, OutputDigests>();
  readonly docs = new Map<StepId, KeyDoc>();
  readonly unfinished = new Map<StepId, Attempts>();
  outputs = (_: Step, key: StepKey): OutputDigests | undefined => this.results.get(key);
  readonly pinned = new Map<StepKey, Readonly<Record<string, string>>>();
  pins = (_: Step, key: StepKey): Readonly<Record<string, string>> | undefined => this.pinned.get(key);
  accepted = (): undefined => undefined;
  lastDoc = (id: StepId): KeyDoc | undefined => this.docs.get(id);
  attempts = ({id}: Step): Attempts => this.unfinished.get(id) ?? {kind: 'none'};
}

const SCRIPTS: FileDigests = ({stage}) => ({[`${stage.dir}/run.sh`]: `${stage.name} 1` as Digest});
const nothing: Rerun = () => false;
const made = (step: Step): OutputDigests => ({[step.stage.outputs[0]!.path]: `made by ${step.id}` as Digest});

/** Runs what the plan asks for until all is cached, as the engine would. */
function finish(graph: Graph, history: MapHistory, files = SCRIPTS, outputs = made): string[] {
  const ran: string[] = [];
  for (let round = 0; round < 10; round++) {
    const due = [...plan(graph, files, history, nothing)].flatMap(([id, verdict]) =>
      verdict.kind === 'run' ? [{step: stepOf(graph, id), verdict}] : [],
    );
    if (due.length === 0) return ran;
    for (const {step, verdict} of due) {
      history.results.set(verdict.key, outputs(step));
      history.docs.set(step.id, verdict.doc);
      ran.push(step.id);
    }
  }
  throw new Error(`still not all cached after ${ran.join(', ')}`);
}

const told = (graph: Graph, history: History, files = SCRIPTS, rerun = nothing): Record<string, string> =>
  Object.fromEntries(
    [...plan(graph, files, history, rerun)].map(([id, verdict]) => [
      id,
      verdict.kind === 'run'
        ? describeReason(verdict.because)
        : verdict.kind === 'after'
          ? `after ${verdict.upstream}`
          : 'cached',
    ]),
  );

const FETCH = 'fetch:model=small';
const TRAIN = 'train:model=small,hours=1';
const edited: FileDigests = (step) =>
  step.stage.name === 'fetch' ? {'stages/fetch/run.sh': 'fetch 2' as Digest} : SCRIPTS(step);

test('nothing ran: what has no upstream runs, the rest comes after', () => {
  expect(told(build(), new MapHistory())).toEqual({
    'fetch:model=small': 'never ran',
    'fetch:model=large': 'never ran',
    'train:model=small,hours=1': 'after fetch:model=small',
    'train:model=small,hours=2': 'after fetch:model=small',
    'train:model=large,hours=1': 'after fetch:model=large',
    'train:model=large,hours=2': 'after fetch:model=large',
  });
});

test('all ran: all is cached', () => {
  const history = new MapHistory();
  expect(finish(build(), history)).toHaveLength(6);
  expect(new Set(Object.values(told(build(), history)))).toEqual(new Set(['cached']));
});

test('a script edited: its steps run, what comes after waits for their content', () => {
  const history = new MapHistory();
  const graph = build();
  finish(graph, history);
  expect(told(graph, history, edited)).toMatchObject({
    [FETCH]: 'changed: files.stages/fetch/run.sh',
    [TRAIN]: `after ${FETCH}`,
  });
});

test.each<[string, (step: Step) => OutputDigests, number]>([
  ['the same files come out: nothing else runs', made, 2],
  ['others do: everything behind them runs', (step) => ({x: `new of ${step.id}` as Digest}), 6],
])('upstream by content, %s', (_, outputs, count) => {
  const history = new MapHistory();
  const graph = build();
  finish(graph, history);
  expect(finish(graph, history, edited, outputs)).toHaveLength(count);
});

test('an edit taken back finds the old results', () => {
  const history = new MapHistory();
  const graph = build();
  finish(graph, history);
  finish(graph, history, edited, (step) => ({x: `new of ${step.id}` as Digest}));
  expect(finish(graph, history)).toEqual([]);
});

test('the matrix grows: only the new cells run', () => {
  const history = new MapHistory();
  finish(build(), history);
  const grown = build({'pipeline.yaml': BASE['pipeline.yaml'].replace('[1, 2]', '[1, 2, 5]')});
  expect(finish(grown, history)).toEqual(['train:model=small,hours=5', 'train:model=large,hours=5']);
});

test.each<[string, Attempts, string]>([
  ['failed', {kind: 'failed', count: 2, class: 'failed', because: 'exit 1'}, 'failed before (2 attempts; exit 1)'],
  ['under way', {kind: 'unsettled', attempt: 3}, 'attempt 3 is under way'],
])('an attempt that %s', (_, attempts, reason) => {
  const history = new MapHistory();
  history.unfinished.set(FETCH as StepId, attempts);
  expect(told(build(), history)[FETCH]).toBe(reason);
});

test('a result counts for more than the attempts that failed before it', () => {
  const history = new MapHistory();
  finish(build(), history);
  history.unfinished.set(FETCH as StepId, {kind: 'failed', count: 1, class: 'failed', because: 'exit 1'});
  expect(told(build(), history)[FETCH]).toBe('cached');
});

test('what can do without a failed step comes after it before a run; as found, that one has failed', () => {
  const history = new MapHistory();
  const graph = build(trainWith('needs: [fetch]', 'needs: [{stage: fetch, optional: true}]'));
  finish(graph, history);
  history.results.clear();
  history.unfinished.set(FETCH as StepId, {kind: 'failed', count: 1, class: 'failed', because: 'exit 1'});
  const kindOf = (moment: Moment): string | undefined =>
    plan(graph, SCRIPTS, history, nothing, moment).get(TRAIN as StepId)?.kind;
  expect([kindOf('before-a-run'), kindOf('as-found')]).toEqual(['after', 'run']);
});

test('--rerun asks for a step, and what takes its outputs comes after', () => {
  const history = new MapHistory();
  finish(build(), history);
  const verdicts = told(build(), history, SCRIPTS, ({id}) => id === FETCH);
  expect(verdicts).toMatchObject({
    [FETCH]: 'asked for with --rerun',
    [TRAIN]: `after ${FETCH}`,
    'fetch:model=large': 'cached',
    'train:model=large,hours=1': 'cached',
  });
});

test('--rerun starts no second attempt beside one under way', () => {
  const history = new MapHistory();
  history.unfinished.set(FETCH as StepId, {kind: 'unsettled', attempt: 1});
  expect(told(build(), history, SCRIPTS, () => true)[FETCH]).toBe('attempt 1 is under way');
});

test.each([
  [['a'], 'changed: a'],
  [['a', 'b', 'c'], 'changed: a, b, c'],
  [['a', 'b', 'c', 'd', 'e'], 'changed: a, b, c and 2 more'],
])('%j', (paths, text) => {
  expect(describeReason({kind: 'changed', paths})).toBe(text);
});
