import {join} from 'node:path';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {describeAxes, type Axes} from '../matrix/cell.js';
import {asVerdict, readFate, withOverride} from '../report/evidence.js';
import {auditsJson, renderAudit, renderAudits, wordOf, type Audited, type AuditWord} from '../report/audit.js';
import {labels} from '../report/label.js';
import {OVERRIDES, readOverrides} from '../store/overrides.js';
import {printableJson} from '../report/style.js';
import {fatesOf} from './fates.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type AuditListOptions = ProjectOptions & {readonly verdict?: AuditWord; readonly json?: boolean};

/** Every cell's verdict with the evidence that matters. */
export function auditListCommand(options: AuditListOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const all = auditsOf(project, terminal);
  const shown = all.filter((audit) => wordOf(audit) === (options.verdict ?? wordOf(audit)));
  terminal.out(
    options.json ? `${printableJson(auditsJson(shown))}\n` : renderAudits(shown, labels(all), terminal.paintOut),
  );
  return EXIT.done;
}

export type AuditShowOptions = ProjectOptions & {readonly json?: boolean};

export function auditShowCommand(text: string, options: AuditShowOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  const audit = project && findAudit(auditsOf(project, terminal), text, terminal);
  if (!audit) return EXIT.badInput;
  terminal.out(options.json ? `${printableJson(auditsJson([audit]), 2)}\n` : renderAudit(audit, terminal.paintOut));
  return EXIT.done;
}

/** The steps of the stage that `score.verdict` names, with their verdicts and overrides. */
export function auditsOf({pipeline, ...project}: Project, terminal: Terminal): Audited[] {
  const {history, verdicts} = planProject({pipeline, ...project}, 'as-found');
  const [stage, file] = pipeline.score.verdict.split(/\/(.*)/s) as [string, string];
  const {overrides, problems} = readOverrides(join(pipeline.root, OVERRIDES));
  for (const problem of problems) terminal.err(`${problem}\n`);
  return fatesOf(
    project.graph,
    verdicts,
    history,
  )(stage).map((fate) => ({
    at: fate.at,
    verdict: readFate(fate, file, asVerdict),
    ...withOverride(fate.at, overrides),
  }));
}

/** Whether a cell has this value, given with or without its axis. */
function isOf(at: Axes, term: string): boolean {
  const [axis, value] = term.split('=', 2);
  return value === undefined ? Object.values(at).includes(term) : at[axis!] === value;
}

/** What the first term that no cell has could have been. */
function hintOf(audits: readonly Audited[], terms: readonly string[]): string {
  const wrong = terms.find((term) => !audits.some(({at}) => isOf(at, term)));
  if (wrong === undefined) return 'ptb audit list names them';
  const [axis, value] = wrong.split('=', 2) as [string, string?];
  const axes = Object.keys(audits[0]?.at ?? {});
  if (value !== undefined && !axes.includes(axis)) return suggest(axis, axes);
  const values = audits.flatMap(({at}) => (value === undefined ? Object.values(at) : (at[axis] ?? [])));
  return suggest(value ?? wrong, [...new Set(values)]);
}

/**
 * The one cell that a text names, by its id, by its line in `ptb audit list` or by some of its values; undefined, and said
 * why, for none or several.
 */
export function findAudit(audits: readonly Audited[], text: string, terminal: Terminal): Audited | undefined {
  const terms = text
    .replace(/^[a-z-]+:/, '')
    .split(/[,\s]+/)
    .filter(Boolean);
  const found = audits.filter(({at}) => terms.every((term) => isOf(at, term)));
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    const hint = `  ${terminal.paintErr('blue', 'hint')}: ${hintOf(audits, terms)}\n`;
    terminal.err(`there is no audited cell ${quoted(text)}\n${hint}`);
    return undefined;
  }
  const shown = found.slice(0, 8).map(({at}) => `  ${describeAxes(at)}\n`);
  const more = found.length > 8 ? `  and ${found.length - 8} more\n` : '';
  terminal.err(`${quoted(text)} names ${found.length} cells; say which:\n${shown.join('')}${more}`);
  return undefined;
}
