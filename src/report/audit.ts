import {describeAxes, type Axes} from '../matrix/cell.js';
import {asksForALook, describeOverride, isStale, rulingOn} from '../score/audit.js';
import type {CellEvidence, Fate, Finding, Verdict} from '../score/evidence.js';
import type {Override} from '../store/overrides.js';
import {printable, type Paint} from './style.js';

/** What the audit of a cell came to; `look` is clean but for what a person should look at. */
export type AuditWord = 'flagged' | 'look' | 'clean' | 'pending' | 'failed';

/** One audited cell, as far as people ask for it. */
export type Audited = Pick<CellEvidence, 'at' | 'verdict' | 'override'>;

export function wordOf({verdict, override}: Audited): AuditWord {
  if (verdict.kind !== 'known') return verdict.kind;
  if (rulingOn(verdict.value, override).flagged) return 'flagged';
  const isDecided = rulingOn(verdict.value, override).override !== undefined;
  return !isDecided && asksForALook(verdict.value) ? 'look' : 'clean';
}

const COLOURS = {flagged: 'red', look: 'yellow', clean: 'green', pending: 'dim', failed: 'red'} as const;

/** A line for each cell, and below it one for each finding that matters, with its first place. */
export function renderAudits(audits: readonly Audited[], label: (at: Axes) => string, paint: Paint): string {
  const width = Math.max(0, ...audits.map(({at}) => label(at).length));
  const lines = audits.flatMap((audit) => {
    const word = wordOf(audit);
    const head = `${paint(COLOURS[word], word.padEnd(7))} ${label(audit.at).padEnd(width)} ${aside(audit)}`;
    const told = known(audit.verdict)?.findings.filter(({severity}) => severity !== 'note') ?? [];
    return [head.trimEnd(), ...told.map((finding) => `  ${findingLine(finding)}${firstPlace(finding)}`)];
  });
  const count = (word: AuditWord): number => audits.filter((audit) => wordOf(audit) === word).length;
  const words = (['flagged', 'look', 'clean', 'pending', 'failed'] as const).filter((word) => count(word) > 0);
  return `${[...lines.map(printable), words.map((word) => `${count(word)} ${word}`).join(', ')].join('\n')}\n`;
}

const known = (verdict: Fate<Verdict>): Verdict | undefined => (verdict.kind === 'known' ? verdict.value : undefined);

/** What stands behind a cell's name: the judge that failed, the person that decided, the reason of a failure. */
function aside({verdict, override}: Audited): string {
  if (verdict.kind === 'failed') return verdict.because;
  if (verdict.kind === 'pending') return '';
  return [
    ...(verdict.value.judged === 'unjudged' ? ['unjudged: the judge failed'] : []),
    ...(override === undefined
      ? []
      : isStale(override, verdict.value)
        ? [`an override for earlier work decides nothing: ${describeOverride(override)}`]
        : [`overridden: ${describeOverride(override)}`]),
  ].join('; ');
}

const findingLine = ({flag, source, severity, summary}: Finding): string =>
  `${severity === 'look' ? 'look at' : 'flagged'} ${flag}${source === undefined ? '' : ` ${source}`}: ${summary}`;

function firstPlace({evidence}: Finding): string {
  const [first] = evidence ?? [];
  return first ? `\n    ${placeLine(first)}` : '';
}

function placeLine({file, line, item, overlap, excerpt}: NonNullable<Finding['evidence']>[number]): string {
  const about = [
    ...(item === undefined ? [] : [item]),
    ...(overlap === undefined ? [] : [`overlap ${overlap.toFixed(2)}`]),
    ...(excerpt === undefined ? [] : [excerpt]),
  ];
  return `${file}${line === undefined ? '' : `:${line}`}${about.length > 0 ? `  ${about.join('  ')}` : ''}`;
}

/** One cell in full. */
export function renderAudit(audit: Audited, paint: Paint): string {
  const word = wordOf(audit);
  const verdict = known(audit.verdict);
  const judged = verdict?.judged === undefined ? [] : [`judge: ${verdict.judged}`];
  const lines = [
    `${paint('bold', describeAxes(audit.at))}: ${paint(COLOURS[word], word)}`,
    ...[aside(audit)].filter((text) => text !== ''),
    ...judged,
    ...(verdict?.findings ?? []).flatMap((finding) => [
      findingLine(finding),
      ...(finding.evidence ?? []).map((place) => `  ${placeLine(place)}`),
    ]),
    ...(verdict?.findings.length === 0 ? ['nothing was found'] : []),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** The stable shape that schemas/audit.schema.json describes. */
export const auditsJson = (audits: readonly Audited[]): object => ({
  version: 1,
  cells: audits.map((audit) => ({
    cell: audit.at,
    verdict: wordOf(audit),
    because: audit.verdict.kind === 'failed' ? audit.verdict.because : null,
    flags: known(audit.verdict)?.flags ?? [],
    judged: known(audit.verdict)?.judged ?? null,
    override: overrideJson(audit),
    findings: known(audit.verdict)?.findings ?? [],
  })),
});

function overrideJson({verdict, override}: Audited): object | null {
  if (override === undefined) return null;
  const {cell: _cell, ...rest}: Override = override;
  return {...rest, stale: verdict.kind === 'known' && isStale(override, verdict.value)};
}
