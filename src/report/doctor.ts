import type {Finding} from '../run/doctor/finding.js';
import {printable, type Paint} from './style.js';

const COLOURS = {ok: 'green', warn: 'yellow', fail: 'red'} as const;

/** One line a finding, and the way out below it. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(0, ...findings.map(({check}) => check.length));
  const indent = ' '.repeat(width + 8);
  return findings
    .map(({state, check, text, remedy}) => {
      const line = `${paint(COLOURS[state], state.padEnd(4))}  ${check.padEnd(width)}  ${printable(text)}\n`;
      return remedy === undefined ? line : `${line}${indent}${paint('blue', 'remedy')}: ${printable(remedy)}\n`;
    })
    .join('');
}

export const isReady = (findings: readonly Finding[]): boolean => findings.every(({state}) => state !== 'fail');

/** The last line: whether the steps can run here. */
export function renderVerdict(findings: readonly Finding[], steps: number, paint: Paint): string {
  const missing = findings.filter(({state}) => state === 'fail').length;
  return missing === 0
    ? `${paint('green', 'ready')} for ${steps} steps\n`
    : `${paint('red', 'not ready')} for ${steps} steps: ${missing} of ${findings.length} checks failed\n`;
}

/** schemas/doctor.schema.json */
export const doctorJson = (pipeline: string, findings: readonly Finding[]) => ({
  version: 1,
  pipeline,
  ready: isReady(findings),
  checks: findings.map(({check, state, text, remedy = null}) => ({check, state, text, remedy})),
});
