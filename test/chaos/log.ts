import {readFileSync} from 'node:fs';

/** A line that a step wrote. `attempt` is `<stage>/<cell>-<key12>/<n>`. */
export type Line = {
  readonly what: 'start' | 'end' | 'twice';
  readonly id: string;
  readonly attempt: string;
  readonly pid: number;
  readonly ns: bigint;
};

/** One try at a step, as it told of itself; without an end it was killed, or is under way. */
export type Try = {
  readonly id: string;
  readonly attempt: string;
  readonly start: bigint;
  readonly end: bigint | undefined;
};

export function parseLog(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [what, id, attempt, pid, ns] = line.split(' ');
      return {what: what as Line['what'], id: id!, attempt: attempt!, pid: Number(pid), ns: BigInt(ns!)};
    });
}

export const readLog = (file: string): Line[] => parseLog(readFileSync(file, 'utf8'));

/** In the order of their starts. An attempt that was started twice gives two. */
export function tries(lines: readonly Line[]): Try[] {
  const ends = new Map(
    lines.filter(({what}) => what === 'end').map((line) => [`${line.attempt} ${line.pid}`, line.ns]),
  );
  return lines
    .filter(({what}) => what === 'start')
    .map(({id, attempt, pid, ns}) => ({id, attempt, start: ns, end: ends.get(`${attempt} ${pid}`)}))
    .sort((a, b) => (a.start < b.start ? -1 : 1));
}

/** Started and not ended. */
export const open = (lines: readonly Line[]): Try[] => tries(lines).filter(({end}) => end === undefined);

export const folderOf = (attempt: string): string => attempt.slice(0, attempt.lastIndexOf('/'));
