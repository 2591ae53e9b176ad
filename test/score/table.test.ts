import {describe, expect, test} from 'vitest';
import {scoreOf} from '../../src/config/score.js';
import type {Axes} from '../../src/matrix/cell.js';
import {mean, sampleStd} from '../../src/score/arithmetic.js';
import type {CellEvidence, Evidence, Fate, Metrics} from '../../src/score/evidence.js';
import {tableOf, type Table} from '../../src/score/table.js';
import type {Json} from '../../src/base/json.js';

const known = (accuracy: number | null, because?: string): Fate<Metrics> => ({
  kind: 'known',
  value: {accuracy, stderr: 0.01, n: 100, ...(because === undefined ? {} : {because})},
});
const clean: CellEvidence['verdict'] = {kind: 'known', value: {flagged: false, flags: [], findings: []}};
const flagged: CellEvidence['verdict'] = {
  kind: 'known',
  value: {flagged: true, flags: ['C'], findings: [{flag: 'C', summary: 'trained on the test set'}]},
};
const cell = (at: Axes, accuracy: number, rest: Partial<CellEvidence> = {}): CellEvidence => ({
  at,
  metrics: known(accuracy),
  verdict: clean,
  work: null,
  seconds: null,
  costUsd: null,
  ...rest,
});
const MODELS = ['m1', 'm2'];
const BENCHMARKS = ['b1', 'b2'];
const grid = <T>(make: (model: string, benchmark: string) => T): T[] =>
  MODELS.flatMap((model) => BENCHMARKS.map((benchmark) => make(model, benchmark)));
const baseline = (score: number) => grid((model, benchmark) => ({at: {model, benchmark}, metrics: known(score)}));
const evidence = (cells: readonly CellEvidence[]): Evidence => ({
  cells,
  baselines: new Map([
    ['base', baseline(0.1)],
    ['instruct', baseline(0.6)],
  ]),
  sandboxes: ['bwrap'],
});
const table = (cells: readonly CellEvidence[], score: Json = {}): Table => tableOf(evidence(cells), scoreOf(score));
const row = ({rows}: Table, name = 'a') => rows.find((one) => one.name === name)!;

describe('averages', () => {
  test('means go over models, then over benchmarks, left to right', () => {
    const scores = [0.1, 0.2, 0.3, 0.7];
    const {score} = row(table(grid((model, benchmark) => cell({agent: 'a', model, benchmark}, scores.shift()!))));
    expect(score).toBe(((0.1 + 0.3) / 2 + (0.2 + 0.7) / 2) / 2);
  });

  test('replicates: the average of each first, then mean and sample deviation', () => {
    const at = [0.2, 0.3, 0.7];
    const made = table(
      at.flatMap((value, n) =>
        grid((model, benchmark) => cell({agent: 'a', model, benchmark, replicate: String(n + 1)}, value)),
      ),
    );
    expect(row(made)).toMatchObject({score: mean(at), std: sampleStd(at), replicates: 3});
    expect(row(made).std).toBeCloseTo(0.2645751311, 10);
    expect(row(made).benchmarks.get('b1')).toMatchObject({score: mean(at), std: sampleStd(at), cells: 6});
  });

  test('evaluation seeds are averaged within the cell; the work that they share counts once', () => {
    const made = table(
      grid((model, benchmark) =>
        ['1', '2'].map((seed) =>
          cell({agent: 'a', model, benchmark, seed}, seed === '1' ? 0.2 : 0.4, {
            work: `${model} ${benchmark}`,
            seconds: 3600,
            costUsd: 5,
          }),
        ),
      ).flat(),
    );
    expect(row(made)).toMatchObject({std: null, replicates: 1, timeHours: 1, costUsd: 20});
    expect(row(made).score).toBe(mean([0.2, 0.4]));
  });

  test.each([
    [{average: {weights: {b1: 0.75, b2: 0.5}}}, 0.4 * 0.75 + 0.8 * 0.5, []],
    [{average: {weights: {b1: 1}}}, null, ['no average: score.average.weights lacks b2']],
    [{average: 'inverse-headroom'}, 0.4 * 0.5 + 0.8 * 0.5, []],
    [{average: 'published-v1'}, null, ['no average: the published v1 weights lack b1, b2']],
  ])('%j', (settings, expected, warnings) => {
    const made = table(
      grid((model, benchmark) => cell({agent: 'a', model, benchmark}, benchmark === 'b1' ? 0.4 : 0.8)),
      settings,
    );
    expect(row(made).score).toBe(expected);
    expect(made.warnings).toEqual(warnings);
  });

  test('a benchmark that only one agent has leaves the others without an average', () => {
    const made = table([
      ...grid((model, benchmark) => cell({agent: 'a', model, benchmark}, 0.5)),
      ...grid((model, benchmark) => cell({agent: 'b', model, benchmark}, 0.5)),
      ...MODELS.map((model) => cell({agent: 'b', model, benchmark: 'extra'}, 0.5)),
    ]);
    expect(row(made, 'a').score).toBeNull();
    expect(row(made, 'b').score).toBe(0.5);
  });

  test('one absent cell: its row and benchmark have no average, the others do', () => {
    const made = table(
      grid((model, benchmark) =>
        model === 'm2' && benchmark === 'b2'
          ? cell({agent: 'a', model, benchmark}, 0, {metrics: {kind: 'pending'}})
          : cell({agent: 'a', model, benchmark}, 0.5),
      ),
    );
    expect(row(made)).toMatchObject({score: null, std: null, cells: 4});
    expect(row(made).benchmarks.get('b1')!.score).toBe(0.5);
    expect(row(made).benchmarks.get('b2')).toMatchObject({score: null, cells: 1});
  });
});

describe('substitution', () => {
  const one = (rest: Partial<CellEvidence>, score: Json = {}) => {
    const made = table(
      grid((model, benchmark) =>
        cell({agent: 'a', model, benchmark}, 0.9, model === 'm1' && benchmark === 'b1' ? rest : {}),
      ),
      score,
    );
    return {cell: made.cells[0]!, row: row(made)};
  };

  test.each<[string, Partial<CellEvidence>, string, RegExp]>([
    ['flagged', {verdict: flagged}, 'flagged', /^flagged C: trained on the test set$/],
    ['failed', {metrics: {kind: 'failed', because: 'evaluate failed: exit 1'}}, 'failed', /exit 1/],
    ['missing', {metrics: known(null, 'no final_model')}, 'missing', /no final_model/],
    ['unjudged', {verdict: {kind: 'failed', because: 'exit 1'}}, 'unjudged', /^not audited: exit 1$/],
  ])('%s: the base score, counted, with its reason', (_name, rest, cause, reason) => {
    const {cell: scored, row: of} = one(rest);
    expect(scored).toMatchObject({kind: 'substituted', score: 0.1, cause});
    expect(scored.because.join()).toMatch(reason);
    expect(of.substitutions).toEqual({flagged: 0, failed: 0, missing: 0, unjudged: 0, [cause]: 1});
    expect(of.benchmarks.get('b1')!.substituted).toBe(1);
  });

  test('a measured cell has its standard error, no cause and no reason', () => {
    expect(one({}).cell).toMatchObject({kind: 'measured', raw: 0.9, stderr: 0.01, cause: null, because: []});
  });

  test.each<[string, Json, number]>([
    ['zero', {flagged: 'zero'}, 0],
    ['keep', {flagged: 'keep'}, 0.9],
  ])('flagged: %s', (_name, score, expected) => {
    expect(one({verdict: flagged}, score).cell.score).toBe(expected);
  });

  test('both flagged and failed: counted once, both are told', () => {
    const {cell: scored} = one({verdict: flagged, metrics: {kind: 'failed', because: 'exit 1'}});
    expect(scored.because).toEqual(['flagged C: trained on the test set', 'exit 1']);
    expect(scored.cause).toBe('failed');
  });
});

describe('with published rows', () => {
  const V1 = ['gpqa-main', 'humaneval', 'aime2025', 'arena-hard-writing', 'bfcl', 'gsm8k', 'healthbench-easy'];
  const V0_1 = ['aime2025', 'bfcl', 'gpqa-main', 'gsm8k', 'humaneval'];
  const own = (benchmarks: readonly string[], published: 'v0.1' | 'v1', average: Json = 'plain'): Table =>
    tableOf(
      {
        cells: benchmarks.map((benchmark, n) => cell({agent: 'a', model: 'm', benchmark}, n / 10)),
        baselines: new Map([['base', []]]),
        sandboxes: [],
      },
      scoreOf({average}),
      {published},
    );

  test('the same benchmarks: every row is averaged as the published ones are, whatever order and names', () => {
    const made = own(V1, 'v1');
    expect(made.benchmarks).toEqual(V1);
    expect(row(made, 'GPT-5.2 (Codex CLI)').score).toBe(0.21381034487850004);
    expect(row(made, 'GPT-5.2 (Codex CLI)').benchmarks.get('healthbench-easy')!.score).toBeCloseTo(0.1581, 4);
    const weights = tableOf(
      {
        cells: V1.map((benchmark, n) => cell({agent: 'a', model: 'm', benchmark}, n / 10)),
        baselines: new Map(),
        sandboxes: [],
      },
      scoreOf({average: 'published-v1'}),
    );
    expect(row(made).score).toBeCloseTo(row(weights).score!, 15);
    expect(row(own(V0_1, 'v0.1', 'published-v1')).score).toBe(mean([0, 0.1, 0.2, 0.3, 0.4]));
  });

  test('other benchmarks: a row that lacks one has no average, and it is said', () => {
    const made = own(V0_1, 'v1');
    expect(row(made)).toMatchObject({score: null});
    expect(row(made).benchmarks.get('gsm8k')!.score).toBe(0.3);
    expect(made.rows.filter(({kind}) => kind === 'published').every(({score}) => score !== null)).toBe(true);
    expect(made.remarks).toContain(
      'this pipeline lacks arena-hard-writing, healthbench, so its rows have no such average',
    );
    expect(made.remarks).toContain('left out: 1 rows without any score');
  });
});
