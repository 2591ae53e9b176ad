import {relative} from 'node:path';
import {runsAt} from '../store/paths.js';
import {repair, verify} from '../store/verify.js';
import {printable} from '../report/style.js';
import {printableJson} from '../report/style.js';
import {EXIT, type Terminal} from './terminal.js';

export type VerifyOptions = {readonly runs: string; readonly repair?: boolean; readonly json?: boolean};

/** Says whether all that was committed is as it was; names what is not. */
export async function verifyCommand(options: VerifyOptions, terminal: Terminal): Promise<number> {
  const runs = runsAt(options.runs);
  const {results, damages} = await verify(runs);
  const shown = damages.map(({file, message}) => ({file: relative(options.runs, file), message}));
  if (options.json) terminal.out(`${printableJson({version: 1, results, damages: shown})}\n`);
  else for (const {file, message} of shown) terminal.out(`${terminal.paintOut('red', printable(file))} ${message}\n`);
  if (damages.length === 0) {
    if (!options.json) terminal.out(`${results} results are as they were committed\n`);
    return EXIT.done;
  }
  if (options.repair) {
    for (const folder of repair(runs, damages)) terminal.err(`moved aside: ${relative(options.runs, folder)}\n`);
    terminal.err('their steps run again with the next: ptb pipeline run\n');
  } else if (damages.some(({result}) => result !== undefined)) {
    terminal.err('ptb store verify --repair moves damaged results aside, so that their steps run again\n');
  }
  return EXIT.failed;
}
