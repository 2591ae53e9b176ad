import type {Issue, Place} from '../base/issue.js';
import {printable, type Paint} from './style.js';

/** Longer lines are cut around the caret. */
const WIDTH = 110;

/** All mistakes as a person reads them: place, line, caret, way out. */
export function drawIssues(issues: readonly Issue[], sources: ReadonlyMap<string, string>, paint: Paint): string {
  const drawn = [...issues].sort(byPlace).map((issue) => drawIssue(issue, sources, paint));
  const count = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`;
  return `${drawn.join('\n\n')}\n\n${count}; nothing was started\n`;
}

const byPlace = (a: Issue, b: Issue): number =>
  a.at.file === b.at.file ? a.at.line - b.at.line || a.at.column - b.at.column : 0;

function drawIssue({message, at, hint, see = []}: Issue, sources: ReadonlyMap<string, string>, paint: Paint): string {
  return [
    `${paint('bold', where(at))}: ${paint('red', 'error')}: ${printable(message)}`,
    ...excerpt(at, sources, paint),
    ...see.flatMap((other) => [
      `  ${where(other.at)}: ${printable(other.message)}`,
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
  const shown = printable(text.slice(from, from + WIDTH).replaceAll('\t', ' '));
  const caret = ' '.repeat(Math.max(0, column - 1 - from));
  return [
    `  ${paint('dim', `${String(line).padStart(4)} |`)} ${shown}`,
    `  ${paint('dim', '     |')} ${caret}${paint('red', '^')}`,
  ];
}
