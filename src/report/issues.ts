import type {Issue, Place} from '../base/issue.js';
import {printable, type Paint} from './style.js';

/** Longer lines are cut around the caret. */
const WIDTH = 110;

/** Whoever has more mistakes than this has one that repeats. */
const SHOWN = 40;

/** All mistakes as a person reads them: place, line, caret, way out. */
export function drawIssues(issues: readonly Issue[], sources: ReadonlyMap<string, string>, paint: Paint): string {
  const sorted = sort(issues);
  const drawn = sorted.slice(0, SHOWN).map((issue) => drawIssue(issue, sources, paint));
  const count = sorted.length === 1 ? '1 mistake' : `${sorted.length} mistakes`;
  const more = sorted.length > SHOWN ? `, the first ${SHOWN} shown` : '';
  return `${drawn.join('\n\n')}\n\n${count}${more}; nothing was started\n`;
}

/** Each mistake once; files in the order in which they came up, and each from its top to its end. */
function sort(issues: readonly Issue[]): Issue[] {
  const files = [...new Set(issues.map(({at}) => at.file))];
  const unique = new Map(issues.map((issue) => [`${where(issue.at)}: ${issue.message}`, issue]));
  return [...unique.values()].sort(
    (a, b) => files.indexOf(a.at.file) - files.indexOf(b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column,
  );
}

/** What may be a mistake and stops nothing. */
export const drawWarnings = (warnings: readonly Issue[], sources: ReadonlyMap<string, string>, paint: Paint): string =>
  warnings.map((warning) => `${drawIssue(warning, sources, paint, paint('yellow', 'warning'))}\n`).join('');

function drawIssue(
  {message, at, hint, see = []}: Issue,
  sources: ReadonlyMap<string, string>,
  paint: Paint,
  word = paint('red', 'error'),
): string {
  return [
    `${paint('bold', printable(where(at)))}: ${word}: ${printable(message)}`,
    ...excerpt(at, sources, paint),
    ...see.flatMap((other) => [
      `  ${printable(where(other.at))}: ${printable(other.message)}`,
      ...excerpt(other.at, sources, paint),
    ]),
    ...(hint === undefined ? [] : [`  ${paint('blue', 'hint')}: ${printable(hint)}`]),
  ].join('\n');
}

const where = ({file, line, column}: Place): string => `${file}:${line}:${column}`;

function excerpt({file, line, column}: Place, sources: ReadonlyMap<string, string>, paint: Paint): string[] {
  const text = sources.get(file)?.split('\n')[line - 1];
  if (text === undefined || text.trim() === '') return [];
  const from = column > WIDTH - 20 ? column - 40 : 0;
  const flat = (part: string): string => printable(part.replaceAll('\t', ' '));
  const before = flat(text.slice(from, column - 1));
  const shown = before + flat(text.slice(column - 1, from + WIDTH));
  return [
    `  ${paint('dim', `${String(line).padStart(4)} |`)} ${shown}`,
    `  ${paint('dim', '     |')} ${' '.repeat(columns(before))}${paint('red', '^')}`,
  ];
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Columns that a text takes on a terminal: none for a combining mark, two for a CJK character or an emoji. */
function columns(text: string): number {
  let width = 0;
  for (const char of text) {
    if (/[\p{M}\u200b-\u200d]/u.test(char)) continue;
    width += WIDE.test(char) || /\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
  }
  return width;
}
