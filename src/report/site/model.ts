import type {Axes} from '../../matrix/cell.js';
import type {CellScore} from '../../score/cell.js';
import type {ImportedScore} from '../../score/imported.js';
import type {Row} from '../../score/row.js';
import type {Table} from '../../score/table.js';
import type {ResultRecord} from '../../store/result.js';
import type {Behaviour} from '../behaviour.js';
import type {Frame} from './layout.js';

export const STATES = ['done', 'running', 'waiting', 'failed', 'blocked', 'missing'] as const;
export type State = (typeof STATES)[number];

/** A failed attempt; folders are relative to the project. */
export type FailedAttempt = {
  readonly attempt: number;
  readonly folder: string;
  readonly class: string;
  readonly because: string;
  readonly evidence: readonly string[];
  readonly ended: string;
};

export type SiteStep = {
  readonly id: string;
  readonly stage: string;
  readonly at: Axes;
  readonly state: State;
  readonly because: string;
  /** Wall seconds that it took, or since its attempt was made. */
  readonly seconds: number | null;
  readonly gpus: number;
  /** Where its result lies, absolute and relative to the project. */
  readonly result?: {readonly dir: string; readonly folder: string; readonly record: ResultRecord};
  readonly failed: readonly FailedAttempt[];
};

/** As `usage.json` has it; null where it is not known. */
export type Usage = {
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
  readonly turns: number | null;
  readonly sessions: number | null;
};

/** How the agent's own step ended, against its budget. */
export type Work = {
  readonly seconds: number;
  readonly limit: number | null;
  readonly outcome: string;
};

/** What every cell with a page has, whether it was run here or elsewhere. */
export type ScoredCell = {
  readonly kind: Row['kind'] & ('agent' | 'imported');
  readonly at: Axes;
  readonly label: string;
  /** Its folder's name below cells/. */
  readonly slug: string;
  /** The name of its row. */
  readonly row: string;
  readonly score: CellScore;
};

/** A cell of an imported tree. */
export type ForeignCell = ScoredCell & {readonly kind: 'imported'} & Pick<ImportedScore, 'tree' | 'cell'>;

export type SiteCell = ScoredCell & {
  readonly kind: 'agent';
  /** Its own, in the order of the graph. */
  readonly steps: readonly SiteStep[];
  /** Those that it shares with other cells. */
  readonly shared: readonly SiteStep[];
  readonly work: Work | null;
  readonly usage: Usage | null;
  readonly behaviour: Behaviour | null;
};

export type SiteStage = {
  readonly name: string;
  readonly needs: readonly string[];
  readonly counts: Readonly<Record<State, number>>;
};

/** All that the site shows. */
export type SiteData = {
  readonly frame: Frame;
  readonly table: Table;
  readonly cells: readonly SiteCell[];
  readonly imported: readonly ForeignCell[];
  readonly stages: readonly SiteStage[];
  readonly steps: readonly SiteStep[];
  /** Axes with more than one value, besides those that every table has. */
  readonly ablated: readonly string[];
};
