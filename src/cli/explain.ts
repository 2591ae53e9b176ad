import {printable} from '../report/style.js';
import {FileGone} from '../store/files.js';
import {inSources} from './stack.js';
import {EXIT, type Terminal} from './terminal.js';

/** What the machine refuses, in words; anything else that is thrown is a bug of ours. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'your disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'not permitted'],
  ['EMFILE', 'too many open files (see ulimit -n)'],
  ['ESTALE', 'the network file system lost the file'],
  ['EIO', 'the disk reports an error'],
  ['EISDIR', 'a folder stands where a file belongs'],
  ['ENOTDIR', 'a file stands where a folder belongs'],
  ['ELOOP', 'links lead in a ring'],
]);

/** Prints an error that reached the top and answers the exit code. Nothing that was finished is lost either way. */
export function explain(error: unknown, terminal: Terminal): number {
  const {code, path, message, stack} = (
    error instanceof Error ? error : new Error(String(error))
  ) as NodeJS.ErrnoException;
  if (error instanceof FileGone) {
    terminal.err(`${printable(message)}\n`);
    return EXIT.badInput;
  }
  const refusal = code === undefined ? undefined : REFUSALS.get(code);
  if (refusal === undefined) {
    terminal.err(`internal error, please report it:\n${inSources(stack ?? message)}\n`);
    return EXIT.internal;
  }
  terminal.err(path === undefined ? `${refusal} (${printable(message)})\n` : `${printable(path)}: ${refusal}\n`);
  terminal.err('running jobs go on, finished steps are kept; mend this and call the same command again\n');
  return EXIT.notReady;
}
