import {readFileSync} from 'node:fs';
import {EXIT, type Terminal} from './terminal.js';

/** Prints the script of a shell. They ask `ptb complete` at each key, so that they never have to be made anew. */
export function completionCommand(shell: string, terminal: Terminal): number {
  terminal.out(readFileSync(new URL(`../completion/ptb.${shell}`, import.meta.url), 'utf8'));
  return EXIT.done;
}
