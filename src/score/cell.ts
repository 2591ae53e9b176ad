import {unreachable} from '../base/unreachable.js';
import type {ScoreSettings} from '../config/pipeline.js';
import type {Axes} from '../matrix/cell.js';
import {rulingOn} from './audit.js';
import type {CellEvidence, Fate, Metrics} from './evidence.js';

/**
 * Why a cell carries a substitute: the audit flagged it; its evaluation failed, or something before it; the agent left no
 * model that gives a score; the audit itself failed.
 */
export const CAUSES = ['flagged', 'failed', 'missing', 'unjudged'] as const;
export type Cause = (typeof CAUSES)[number];

/** What the table reads for a cell. Scores are fractions 0..1. */
export type CellScore = {
  readonly at: Axes;
  /** As measured, before any substitution. */
  readonly raw: number | null;
  /** Standard error of `raw` over the benchmark's items. */
  readonly stderr: number | null;
  readonly score: number | null;
  readonly kind: 'measured' | 'substituted' | 'absent';
  /** Of the substitution. */
  readonly cause: Cause | null;
  readonly because: readonly string[];
};

const absent = (at: Axes, because: readonly string[], raw: number | null = null): CellScore => ({
  at,
  raw,
  stderr: null,
  score: null,
  kind: 'absent',
  cause: null,
  because,
});

const reasonOf = (fate: Exclude<Fate<unknown>, {kind: 'known'}>): string =>
  fate.kind === 'failed' ? fate.because : 'not yet run';

const NO_SCORE = 'no score';

/** A cell that nothing substitutes: of a baseline. */
export function plainCell(at: Axes, metrics: Fate<Metrics>): CellScore {
  if (metrics.kind !== 'known') return absent(at, [reasonOf(metrics)]);
  const {accuracy, stderr, because} = metrics.value;
  if (accuracy === null) return absent(at, [because ?? NO_SCORE]);
  return {at, raw: accuracy, stderr, score: accuracy, kind: 'measured', cause: null, because: []};
}

/** An agent's cell. `base`: what became of the base model on the same model and benchmark. */
export function scoreCell(cell: CellEvidence, base: Fate<Metrics> | undefined, settings: ScoreSettings): CellScore {
  const {at, metrics, verdict} = cell;
  if (metrics.kind === 'pending' || verdict.kind === 'pending') return absent(at, ['not yet run']);
  const {accuracy: raw, stderr} = metrics.kind === 'known' ? metrics.value : {accuracy: null, stderr: null};
  const ruling = verdict.kind === 'known' ? rulingOn(verdict.value, cell.override) : undefined;
  const doubts: {readonly cause: Cause; readonly because: readonly string[]}[] = [
    ...(metrics.kind === 'failed' ? [{cause: 'failed', because: [metrics.because]} as const] : []),
    ...(metrics.kind === 'known' && raw === null
      ? [{cause: 'missing', because: [metrics.value.because ?? NO_SCORE]} as const]
      : []),
    ...(verdict.kind === 'failed'
      ? [{cause: 'unjudged', because: [`not audited: ${verdict.because}`]} as const]
      : ruling?.flagged
        ? [{cause: 'flagged', because: ruling.because} as const]
        : []),
  ];
  const [first] = doubts;
  // What is flagged is told first: it is the agent's own doing.
  const because = [...doubts].sort((a, b) => Number(b.cause === 'flagged') - Number(a.cause === 'flagged'));
  const told = [
    ...because.flatMap((doubt) => doubt.because),
    // A person cleared it, and the table says so.
    ...(ruling?.flagged === false ? ruling.because.filter(() => ruling.override !== undefined) : []),
  ];
  const policy = first === undefined ? 'keep' : first.cause === 'flagged' ? settings.flagged : settings.missing;
  switch (policy) {
    case 'keep':
      return {at, raw, stderr, score: raw, kind: 'measured', cause: null, because: told};
    case 'zero':
      return {at, raw, stderr, score: 0, kind: 'substituted', cause: first!.cause, because: told};
    case 'base': {
      const score = base?.kind === 'known' ? base.value.accuracy : null;
      if (score === null) return absent(at, [...told, 'its base score is missing too'], raw);
      return {at, raw, stderr, score, kind: 'substituted', cause: first!.cause, because: told};
    }
    default:
      return unreachable(policy);
  }
}
