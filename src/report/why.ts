import type {Json} from '../base/json.js';
import type {StepId} from '../graph/step.js';
import type {Why} from '../plan/explain.js';
import {describeVerdict} from './plan.js';
import {printable, type Paint} from './style.js';

/** The result that a step is compared with. */
export type Past = {readonly folder: string; readonly attempt: number; readonly ended: string};

type PastOf = (id: StepId) => Past | undefined;

/** The verdict, then each difference with its meaning and values; behind "after", the same of what is waited for. */
export function renderWhy(why: Why, past: PastOf, paint: Paint): string {
  return `${linesOf(why, past, paint).join('\n')}\n`;
}

function linesOf({step, verdict, differences, waitsFor, othersPending}: Why, past: PastOf, paint: Paint): string[] {
  const last = past(step.id);
  const against =
    last === undefined
      ? 'there is no result of it under any key'
      : verdict.kind === 'cached'
        ? `its result: ${last.folder} (attempt ${last.attempt}, ${last.ended})`
        : `its last result: ${last.folder} (attempt ${last.attempt}, ${last.ended})`;
  const known =
    verdict.kind === 'after' && differences.length > 0 ? ['whatever that comes to, this differs already:'] : [];
  const others = othersPending > 0 ? ` and ${othersPending} more` : '';
  const body = [
    paint('dim', against),
    ...known,
    ...differences.flatMap(({path, meaning, before, after}) => [
      `${paint('bold', printable(path.join('.')))}: ${printable(meaning)}`,
      `  ${printable(short(before))} → ${printable(short(after))}`,
    ]),
    ...(waitsFor === undefined ? [] : linesOf(waitsFor, past, paint)),
  ];
  return [`${step.id}: ${printable(describeVerdict(verdict))}${others}`, ...body.map((line) => `  ${line}`)];
}

/** A digest by its beginning, anything else as JSON. */
function short(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 12);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

export const whyJson = (why: Why, past: PastOf): object => ({version: 1, ...whyObject(why, past)});

const whyObject = ({step, verdict, differences, waitsFor}: Why, past: PastOf): object => ({
  id: step.id,
  verdict: verdict.kind,
  because: describeVerdict(verdict),
  last: past(step.id) ?? null,
  differences: differences.map(({path, meaning, before = null, after = null}) => ({
    path: path.join('.'),
    meaning,
    before,
    after,
  })),
  waits_for: waitsFor === undefined ? null : whyObject(waitsFor, past),
});
