/** One published row: per model a list of scores, one for each benchmark. */
export type PublishedRow = {
  readonly name: string;
  readonly kind: 'agent' | 'baseline';
  readonly replicates: number;
  /** Mean wall time of the agent. */
  readonly seconds: number | null;
  /** Sample standard deviation of the average over replicates, as published. */
  readonly std: number | null;
  /** Over the replicates. */
  readonly means: readonly (readonly number[])[];
  /** Sample standard deviations over the replicates. */
  readonly stds?: readonly (readonly number[])[];
  /**
   * Per model one letter for each benchmark: `.` measured; the base model's score stands because of `n` no model, `e` an
   * evaluation that failed, `f` a flag. Absent where it was not published.
   */
  readonly substitutes?: readonly string[];
};

export type PublishedCells = {
  readonly benchmarks: readonly string[];
  readonly models: readonly string[];
  /** One for each benchmark, applied as given; absent for a plain mean. */
  readonly weights?: readonly number[];
  readonly rows: readonly PublishedRow[];
};
