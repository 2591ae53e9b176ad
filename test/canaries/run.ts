import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import type {ResultRecord} from '../../src/store/result.js';
import {LAB_BIN, USER} from '../lab/lab.js';
import {copyProject} from '../smoke/project.js';
import {addLeaker, canaries, findPieces, pieceIn, pieces, watchProcesses} from './canaries.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export type Release = {
  /** Profiles of the pipeline, for instance `[smoke, slurm]`. */
  readonly profiles: readonly string[];
  readonly agents: readonly string[];
  /** More of the command line, for instance `--only`. */
  readonly flags?: readonly string[];
  /** Folders outside the project that are searched too: the spool of a scheduler. */
  readonly besides?: readonly string[];
  /** A folder that is kept for a look. */
  readonly keeps?: boolean;
};

export type Found = {
  readonly exit: number | undefined;
  readonly said: string;
  /** Where a canary was found, and in which form. */
  readonly found: readonly string[];
  readonly masked: number;
  readonly looks: number;
  readonly seconds: number;
};

/**
 * Runs a pipeline with a canary for the secret of every provider in its environment, and a leaking agent among its agents; then searches
 * everything that it left or said, and what was seen of its processes.
 */
export async function release({profiles, agents, flags = [], besides = [], keeps = false}: Release): Promise<Found> {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-canaries-')));
  try {
    await copyProject(project);
    const secrets = canaries();
    const all = pieces(secrets);
    addLeaker(project, Object.keys(secrets));
    const isCondor = profiles.includes('htcondor');
    if (isCondor) execFileSync('chown', ['-R', '-h', `${USER.uid}:${USER.gid}`, project]);
    const pids: number[] = [];
    const ptb = (...args: readonly string[]) => {
      const child = execa(process.execPath, [MAIN, ...args], {
        cwd: project,
        env: {PATH: `${LAB_BIN}:${process.env.PATH!}`, HOME: project, ...secrets},
        extendEnv: false,
        reject: false,
        maxBuffer: 1e9,
        ...(isCondor ? {uid: USER.uid, gid: USER.gid} : {}),
      });
      if (child.pid !== undefined) pids.push(child.pid);
      return child;
    };
    const part = [
      ...profiles.flatMap((name) => ['--profile', name]),
      '--set',
      `matrix.agent=[${agents.join(', ')}]`,
      ...flags,
    ];
    const watch = watchProcesses(project, all, () => pids);
    const began = performance.now();
    const run = await ptb('pipeline', 'run', ...part, '--json');
    const seconds = (performance.now() - began) / 1000;
    const {looks, seen} = watch.stop();
    const said = [
      run,
      await ptb('pipeline', 'status', ...part, '--json'),
      await ptb('table', ...part, '--format', 'json'),
      await ptb('report', ...part, '--out', 'site'),
      await ptb('doctor', ...part, '--json'),
    ].map(({stdout, stderr}) => `${stdout}\n${stderr}`);
    return {
      exit: run.exitCode,
      said: said[0]!,
      found: [
        ...findPieces(project, all),
        ...besides.flatMap((folder) => findPieces(folder, all)),
        ...said.flatMap((text) => pieceIn(text, all) ?? []).map((what) => `the terminal: ${what}`),
        ...seen,
        ...coresIn(join(project, 'runs')),
      ],
      masked: masks(join(project, 'runs')),
      looks,
      seconds,
    };
  } finally {
    if (keeps) console.log(`kept: ${project}`);
    else rmSync(project, {recursive: true, force: true, maxRetries: 3});
  }
}

const coresIn = (folder: string): string[] =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && /^core(\.\d+)?$/.test(entry.name))
    .map(({parentPath, name}) => join(parentPath, name))
    // Some package has a file of that name; a dump is an ELF file.
    .filter((file) => readFileSync(file).subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')))
    .map((file) => `a core dump: ${file}`);

/** How many logs below a folder say that something was masked, and in how many files something was. */
function masks(folder: string): number {
  const logs = execFileSync('bash', ['-c', 'grep -rlaF "[redacted " . | wc -l'], {cwd: folder, encoding: 'utf8'});
  const records = readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter(({name}) => name === 'result.json')
    .map(({parentPath, name}) => JSON.parse(readFileSync(join(parentPath, name), 'utf8')) as Partial<ResultRecord>);
  return records.reduce((sum, {redacted}) => sum + (redacted?.files ?? 0), Number(logs));
}
