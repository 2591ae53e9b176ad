import {expect, test} from 'vitest';
import type {Axes} from '../../src/matrix/cell.js';
import {ablationOf} from '../../src/score/ablation.js';
import type {Row} from '../../src/score/row.js';

const row = (at: Axes, score: number): Row => ({
  name: Object.values(at).join(' '),
  kind: 'agent',
  at,
  score,
  std: null,
  replicates: 1,
  hours: null,
  timeHours: null,
  costUsd: null,
  benchmarks: new Map(),
  cells: 1,
  substitutions: {flagged: 0, failed: 0, missing: 0, unjudged: 0},
});
const seen = (
  rows: readonly Row[],
  over: string,
  fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
) =>
  ablationOf(rows, over, (_axis, value, field) => fields[value]?.[field]).series.map(({name, points}) => [
    name,
    points.map(({x, score}) => [x, score]),
  ]);

test('over an axis: a line for each agent, numbers in their order', () => {
  const rows = ['10', '2'].flatMap((hours) => ['a', 'b'].map((agent) => row({agent, hours}, Number(hours) / 100)));
  const points = [
    [2, 0.02],
    [10, 0.1],
  ];
  expect(seen(rows, 'hours')).toEqual([
    ['a', points],
    ['b', points],
  ]);
});

test('over a field: agents that share folder and model are one line', () => {
  const rows = [row({agent: 'low'}, 0.1), row({agent: 'high'}, 0.2), row({agent: 'other'}, 0.3)];
  const fields = {
    low: {use: 'codex', model: 'm', effort: 'low'},
    high: {use: 'codex', model: 'm', effort: 'high'},
    other: {use: 'claude', model: 'n'},
  };
  expect(seen(rows, 'agent.effort', fields)).toEqual([
    [
      'codex m',
      [
        ['low', 0.1],
        ['high', 0.2],
      ],
    ],
  ]);
  expect(seen(rows, 'agent.gone', fields)).toEqual([]);
});
