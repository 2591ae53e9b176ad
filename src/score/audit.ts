import type {Override} from '../store/overrides.js';
import type {CellEvidence, Verdict} from './evidence.js';

/** What an audit comes to once people have had their say. */
export type Ruling = {
  readonly flagged: boolean;
  readonly because: readonly string[];
  /** The override that decided. */
  readonly override?: Override;
};

/** An override is on one piece of work: when the agent has run again since, it decides nothing. */
export const isStale = (override: Override, verdict: Verdict): boolean =>
  verdict.work !== undefined && verdict.work !== override.work;

/** Nothing flags it, and something asks a person to look. */
export const asksForALook = ({flagged, findings}: Verdict): boolean =>
  !flagged && findings.some(({severity}) => severity === 'look');

export const describeOverride = ({verdict, by, when, because}: Override): string =>
  `${verdict} by ${by}, ${when.slice(0, 10)}: ${because}`;

export function rulingOn(verdict: Verdict, override: Override | undefined): Ruling {
  const found = verdict.findings
    .filter(({severity}) => (severity ?? 'flag') === 'flag')
    .map(({flag, summary}) => `flagged ${flag}: ${summary}`);
  if (override === undefined || isStale(override, verdict)) return {flagged: verdict.flagged, because: found};
  return {
    flagged: override.verdict === 'flagged',
    because: [`overridden: ${describeOverride(override)}`, ...(override.verdict === 'flagged' ? found : [])],
    override,
  };
}

/** What a reader of the table must know of the audits: `warnings` are reasons for doubt. */
export function auditNotes(cells: readonly CellEvidence[]): {
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
} {
  const known = cells.flatMap(({verdict, override}) =>
    verdict.kind === 'known' ? [{verdict: verdict.value, override}] : [],
  );
  const count = (word: string, some: readonly unknown[]): string[] =>
    some.length === 0 ? [] : [`${some.length} of ${cells.length} cells ${word}`];
  const open = known.filter(({verdict, override}) => rulingOn(verdict, override).override === undefined);
  return {
    warnings: [
      ...count(
        'are unjudged: the judge failed, so only the deterministic checks speak; run again to ask it again',
        open.filter(({verdict}) => verdict.judged === 'unjudged'),
      ),
      ...count(
        'ask a person to look: ptb audit list',
        open.filter(({verdict}) => asksForALook(verdict)),
      ),
      ...count(
        'have an override for earlier work, which decides nothing: ptb audit list',
        known.filter(({verdict, override}) => override !== undefined && isStale(override, verdict)),
      ),
    ],
    remarks: count(
      'have the verdict of a person: ptb audit list',
      known.filter(({verdict, override}) => rulingOn(verdict, override).override !== undefined),
    ),
  };
}
