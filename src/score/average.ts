import type {ScoreSettings} from '../config/pipeline.js';
import {inverseHeadroom} from './arithmetic.js';
import {columnOf} from './benchmark.js';
import {V1} from './published/v1.js';

/** One weight for each benchmark, applied as given; null where there can be no average. */
export type Weights = readonly number[] | 'plain' | null;

export type Weighing = {readonly weights: Weights; readonly warnings: readonly string[]};

const none = (because: string): Weighing => ({weights: null, warnings: [because]});

/**
 * What each benchmark counts. A benchmark without a weight is no reason to weigh the others anew: there is no average then.
 * `baseline` gives a baseline row's mean for each benchmark, null while it is not known.
 */
export function weigh(
  average: ScoreSettings['average'],
  benchmarks: readonly string[],
  baseline: (row: 'base' | 'instruct') => readonly (number | null)[],
): Weighing {
  if (average === 'plain') return {weights: 'plain', warnings: []};
  if (average === 'inverse-headroom') {
    const [base, instruct] = [baseline('base'), baseline('instruct')];
    if ([...base, ...instruct].some((value) => value === null)) {
      return none('no average yet: inverse-headroom needs the base and instruct scores of all benchmarks');
    }
    const weights = inverseHeadroom(base as number[], instruct as number[]);
    return weights
      ? {weights, warnings: []}
      : none('no average: on some benchmark the instruct models are not above the base models');
  }
  const [found, where] =
    average === 'published-v1'
      ? [benchmarks.map((benchmark) => publishedWeight(benchmark)), 'the published v1 weights']
      : [
          benchmarks.map((name) => (Object.hasOwn(average.weights, name) ? average.weights[name] : undefined)),
          'score.average.weights',
        ];
  const lacking = benchmarks.filter((_name, n) => found[n] === undefined);
  return lacking.length > 0
    ? none(`no average: ${where} lack${where.endsWith('v1 weights') ? '' : 's'} ${lacking.join(', ')}`)
    : {weights: found as number[], warnings: []};
}

function publishedWeight(benchmark: string): number | undefined {
  const n = columnOf(V1.benchmarks, benchmark);
  return n === undefined ? undefined : V1.weights![n];
}
