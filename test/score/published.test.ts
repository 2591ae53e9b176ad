import {readFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {inverseHeadroom, mean} from '../../src/score/arithmetic.js';
import {publishedRows} from '../../src/score/published/rows.js';
import {V1} from '../../src/score/published/v1.js';

/** What the paper prints, in percent; the last column is the leaderboard's own average at full precision. */
const [, ...printed] = readFileSync(new URL('table1.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','));

/** In percent with one decimal; what lies exactly between two goes to the even one, as where the paper was made. */
function asPrinted(fraction: number | null): string {
  if (fraction === null) return '–';
  const tenths = fraction * 1000;
  const isTie = tenths - Math.floor(tenths) === 0.5;
  return isTie ? ((2 * Math.round(tenths / 2)) / 10).toFixed(1) : (fraction * 100).toFixed(1);
}

/** Three figures of 224 were rounded to two decimals first, and then again: ours, the paper's. */
const ROUNDED_TWICE: Readonly<Record<string, readonly [string, string]>> = {
  'GPT 5.3 Codex (High) (Codex CLI)': ['38.3', '38.2'],
  'GPT 5.2 Codex (Codex CLI)': ['4.6', '4.7'],
  'Kimi K2.5 (OpenCode)': ['11.0', '11.1'],
};

describe('the published figures, computed from the published cells', () => {
  test("v0.1: the first table's average column, every digit", () => {
    expect(publishedRows('v0.1').map(({name, score}) => [name, score!.toFixed(5)])).toEqual([
      ['Base model', '0.08976'],
      ['Claude Sonnet 4.5', '0.09122'],
      ['Codex 5.1', '0.26864'],
      ['Human post-trained', '0.62888'],
    ]);
  });

  const rows = publishedRows('v1');

  test('v1: the paper has the same rows in the same order', () => {
    expect(rows.map(({name}) => name)).toEqual(printed.map(([name]) => name));
    expect(rows).toHaveLength(25);
  });

  test.each(printed.map((line, n) => [line[0]!, line.slice(1), rows[n]!] as const))(
    'v1: %s as in Table 1, with every ±',
    (name, line, row) => {
      const scores = [...row.benchmarks.values()];
      const ours = [row.score, row.std, ...scores.map(({score}) => score), ...scores.map(({std}) => std)];
      const wrong = ours.map((value, n) => [asPrinted(value), line[n]]).filter(([mine, theirs]) => mine !== theirs);
      expect(wrong).toEqual(name in ROUNDED_TWICE ? [ROUNDED_TWICE[name]] : []);
      const exact = line.at(-1)!;
      if (exact !== '') expect(Math.abs(row.score! - Number(exact))).toBeLessThan(3e-17);
    },
  );

  test('38 % of the cells of single runs whose cells are known carry a substitute', () => {
    const single = V1.rows.filter(({substitutes}) => substitutes !== undefined);
    const letters = single.flatMap(({substitutes}) => substitutes!).join('');
    expect(letters).toHaveLength(28 * single.length);
    expect(rows.map(({substitutions}) => substitutions.flagged).reduce((sum, count) => sum + count)).toBe(11);
  });

  test('the v1 weights follow from the published baselines', () => {
    const means = (name: string): number[] =>
      V1.benchmarks.map((_benchmark, n) =>
        mean(V1.rows.find((row) => row.name === name)!.means.map((scores) => scores[n]!)),
      );
    const weights = inverseHeadroom(means('Base Model (Zero-Shot)'), means('Official Instruct Models (baseline)'))!;
    for (const [n, weight] of weights.entries()) expect(Math.abs(weight - V1.weights![n]!)).toBeLessThan(5e-16);
  });
});
