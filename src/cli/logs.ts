import {closeSync, existsSync, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import {StringDecoder} from 'node:string_decoder';
import {setTimeout as sleep} from 'node:timers/promises';
import type {StepPast} from '../report/step.js';
import {printable} from '../report/style.js';
import {attemptPaths} from '../store/paths.js';
import {isFile} from '../store/write.js';
import {findStep} from './find-step.js';
import {pastOf} from './past.js';
import {planProject} from './planned.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type LogsOptions = ProjectOptions & {readonly attempt?: string; readonly follow?: boolean};

const LOOK_MS = 250;

/** The logs of one attempt; with `follow` until it has ended. */
export async function logsCommand(text: string, options: LogsOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  const step = project && findStep(project.graph, text, terminal);
  if (!step) return EXIT.badInput;
  const planned = planProject(project);
  const past = pastOf(step, planned.verdicts.get(step.id)!, project, planned);
  const folder = choose(past, options.attempt);
  if (folder === undefined) {
    const numbers = [
      ...past.attempts.map(({attempt}) => attempt),
      ...(past.result ? [past.result.record.attempt] : []),
    ];
    const which = options.attempt === undefined ? 'was never tried' : `has no attempt ${options.attempt}`;
    terminal.err(`${step.id} ${which}${numbers.length > 0 ? `; there is ${numbers.join(', ')}` : ''}\n`);
    return EXIT.badInput;
  }
  const paths = attemptPaths(join(project.pipeline.root, folder));
  const logs = [follow(paths.stdout, terminal.out), follow(paths.stderr, terminal.err)];
  for (;;) {
    // Looked at before the logs are read, so that what was written last is seen.
    const over = [paths.exit, paths.result, paths.failed].some((file) => existsSync(file)) || !existsSync(paths.dir);
    for (const log of logs) log.read();
    if (over || !options.follow) break;
    await sleep(LOOK_MS);
  }
  for (const log of logs) log.close();
  return EXIT.done;
}

/** The attempt under way counts for more than the result, and that for more than what failed. */
function choose({attempts, result}: StepPast, wanted: string | undefined): string | undefined {
  if (wanted !== undefined) {
    const found = attempts.find(({attempt}) => String(attempt) === wanted);
    return found?.folder ?? (String(result?.record.attempt) === wanted ? result?.folder : undefined);
  }
  return (
    attempts.findLast(({kind}) => kind !== 'failed')?.folder ??
    (result?.is === 'current' ? result.folder : undefined) ??
    attempts.at(-1)?.folder ??
    result?.folder
  );
}

/** Reads what a file has more than at the last call. It stays open: a result is an attempt's folder, renamed. */
function follow(file: string, write: (text: string) => void): {readonly read: () => void; readonly close: () => void} {
  let handle: number | undefined;
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(1 << 16);
  return {
    read: () => {
      handle ??= openIfThere(file);
      if (handle === undefined) return;
      for (let count; (count = readSync(handle, buffer, 0, buffer.length, null)) > 0;) {
        write(printable(decoder.write(buffer.subarray(0, count))));
      }
    },
    close: () => {
      if (handle !== undefined) closeSync(handle);
    },
  };
}

/** Undefined for what is no file any more: one would wait at a pipe for ever. */
function openIfThere(file: string): number | undefined {
  return isFile(file) ? openSync(file, 'r') : undefined;
}
