import type {Axes} from '../matrix/cell.js';
import type {Override} from '../store/overrides.js';

/** What a step came to, as far as its score is concerned. */
export type Fate<T> =
  | {readonly kind: 'known'; readonly value: T}
  /** It ran and failed, or cannot run because something before it failed. */
  | {readonly kind: 'failed'; readonly because: string}
  /** Not yet run, or under way. */
  | {readonly kind: 'pending'};

/** `metrics.json`. A null accuracy is the agent's failure, with the reason: a score, not a gap. */
export type Metrics = {
  readonly accuracy: number | null;
  readonly stderr: number | null;
  readonly n: number;
  readonly because?: string;
};

/** `audit.json`, as far as the table reads it. */
export type Verdict = {
  readonly flagged: boolean;
  readonly flags: readonly string[];
  /** What the judge said; `unjudged` when it failed. This and what follows is absent in audits from elsewhere. */
  readonly judged?: 'clean' | 'flagged' | 'unjudged' | 'not-asked';
  /** Tells the work that was looked at from any other. */
  readonly work?: string;
  readonly findings: readonly Finding[];
};

export type Finding = {
  readonly flag: string;
  readonly summary: string;
  /** The check and what it saw; absent, like what follows, in audits from elsewhere. */
  readonly source?: string;
  /** By the pipeline's setting `audit`; `flag` where absent. */
  readonly severity?: 'flag' | 'look' | 'note';
  readonly evidence?: readonly Place[];
};

/** Where to look. */
export type Place = {
  readonly file: string;
  readonly line?: number;
  readonly excerpt?: string;
  readonly item?: string;
  /** 0..1. */
  readonly overlap?: number;
};

/** All that is known of one cell. */
export type CellEvidence = {
  readonly at: Axes;
  readonly metrics: Fate<Metrics>;
  readonly verdict: Fate<Verdict>;
  /** The person's, where there is one for this cell; it may be on other work. */
  readonly override?: Override;
  /** Which step the agent's work was; cells that differ only in how it was evaluated share it. */
  readonly work: string | null;
  /** Wall seconds that the agent worked. */
  readonly seconds: number | null;
  /** Of all attempts at that work; null where nothing of it is known. */
  readonly costUsd: number | null;
  /** It cost at least that. */
  readonly costIsPartial?: boolean;
};

/** Baseline row to model and benchmark to metrics. */
export type Baselines = ReadonlyMap<string, readonly {readonly at: Axes; readonly metrics: Fate<Metrics>}[]>;

export type Evidence = {
  readonly cells: readonly CellEvidence[];
  readonly baselines: Baselines;
  /** Kinds of sandbox that the measured steps ran in. */
  readonly sandboxes: readonly string[];
  /** Sentences on results that were kept although what made them has changed. */
  readonly accepted?: readonly string[];
  /** Sentences on overrides that cannot be read. */
  readonly overrideProblems?: readonly string[];
};
