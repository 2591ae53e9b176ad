import {explain} from '../../src/cli/explain.js';
import type {Terminal} from '../../src/cli/terminal.js';
import type {Random} from './random.js';

/** What a case came to. `said`: all that was printed. */
export type Said = {
  readonly code: number;
  readonly said: string;
  readonly wrong: string | undefined;
  /** Milliseconds of processor time in another process. */
  readonly ms?: number;
  /** The most memory that it took. */
  readonly peakMb?: number;
};

/** One kind of input, spoiled in one way per number. */
export type Target = {readonly name: string; readonly run: (random: Random) => Promise<Said>};

/** A command in this process, with all that it prints. What reaches the top is explained as the command line does it. */
export async function call(
  command: (terminal: Terminal) => number | Promise<number>,
  allowed: readonly number[] = [0, 2],
  env: Terminal['env'] = {},
): Promise<Said> {
  let said = '';
  const say = (text: string): void => {
    if (said.length < 1_000_000) said += text;
  };
  const plain = (_: unknown, text: string): string => text;
  const terminal: Terminal = {out: say, err: say, paintOut: plain, paintErr: plain, live: false, env, version: '0'};
  let code: number;
  try {
    code = await command(terminal);
  } catch (error) {
    code = explain(error, terminal);
  }
  return {code, said, wrong: faultOf(code, said, allowed)};
}

/** A control character that a terminal would obey, a stack, a wrong code: none may leave this program. */
function faultOf(code: number, said: string, allowed: readonly number[]): string | undefined {
  if (!allowed.includes(code)) return `exit code ${code}`;
  if (/^\s+at \S+ \(?.*:\d+:\d+\)?$/m.test(said)) return 'a stack trace';
  if (/[\u0000-\u0008\u000b-\u001f\u007f\u202e]/.test(said.replaceAll('\r\n', '\n')))
    return 'a control character in what is printed';
  if (code === 2 && !/:\d+(:\d+)?: |--\w+|there is no|holds no|flag|is not a step file|was never tried/.test(said))
    return 'a mistake without its place';
  if (/\[object Object\]|\bundefined\b(?!.*[`'"])/.test(said)) return 'a value of ours in the words';
  return undefined;
}
