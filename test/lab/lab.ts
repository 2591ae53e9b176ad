import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'vitest';

/** The ordinary user that test/lab makes. */
export const USER = {uid: 1500, gid: 1500, home: '/home/ptbu'} as const;

/** Images that test/lab makes: a root folder and the same as a SIF. */
export const BASE = '/srv/ptb-lab/base';

const folder = process.env.PTB_TEST_LAB ?? '/tmp/ptb-test-lab';

/** Folder of the programs that test/lab brings up, for `PATH`. */
export const LAB_BIN = join(folder, 'bin');

/** A program by which a part of the lab is known to be up; the part's own name where it is a program. */
const PROOF: Readonly<Record<string, string>> = {slurm: 'sbatch', htcondor: 'condor_submit'};

/**
 * Whether test/lab has brought the part up. Continuous integration sets PTB_TEST_LAB, and then must have it; elsewhere the
 * reason is printed.
 */
export function labHas(part: string): boolean {
  if (existsSync(join(LAB_BIN, PROOF[part] ?? part))) return true;
  const because = `${part} is not up: as root on Debian, bash test/lab/${part}.sh`;
  if (process.env.PTB_TEST_LAB !== undefined) throw new Error(because);
  process.stderr.write(`${because}\n`);
  test(`does not run here: ${because}`, () => undefined);
  return false;
}
