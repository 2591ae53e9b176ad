/** Left to right in IEEE doubles, so that tables compare digit by digit. NaN for none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation (n − 1); null below two values. */
export function sampleStd(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Σ weight·value, left to right. Weights are applied as given, not normalised. */
export const weighted = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, n) => sum + value * weights[n]!, 0);

/**
 * Weights that count a benchmark by how little room it leaves: 1 / (mean instruct − mean base), normalised to a sum of 1
 * (PostTrainBench v1, arXiv 2603.08640). Null when a benchmark leaves no room at all.
 */
export function inverseHeadroom(base: readonly number[], instruct: readonly number[]): number[] | null {
  const inverse = base.map((low, n) => 1 / (instruct[n]! - low));
  if (inverse.some((value) => !Number.isFinite(value) || value <= 0)) return null;
  const sum = inverse.reduce((total, value) => total + value, 0);
  return inverse.map((value) => value / sum);
}
