import {readFileSync} from 'node:fs';
import {paint, type Paint} from '../report/style.js';

/** What the commands know of whoever called them. The only place that reads `process`. */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  /** A person watches stderr, and nobody asked for quiet. */
  readonly live: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
};

export function terminal(): Terminal {
  const {env, stdout, stderr} = process;
  const colours = (stream: NodeJS.WriteStream): boolean => stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    paintOut: paint(colours(stdout)),
    paintErr: paint(colours(stderr)),
    live: stderr.isTTY && !env.CI && env.TERM !== 'dumb',
    env,
    version: (JSON.parse(manifest) as {version: string}).version,
  };
}

/** The exit codes that README lists. */
export const EXIT = {done: 0, failed: 1, badInput: 2, notReady: 3, internal: 70, interrupted: 130} as const;
