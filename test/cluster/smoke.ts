import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import type {ResultRecord} from '../../src/store/result.js';
import {LAB_BIN, USER} from '../lab/lab.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

export type Place = 'local' | 'slurm' | 'htcondor';

/** What the smoke profile came to in one place. */
export type Smoke = {
  readonly place: Place;
  readonly seconds: number;
  /** Step to the digests of its outputs. */
  readonly digests: ReadonlyMap<string, string>;
  /** Name of a row to its score. */
  readonly table: Readonly<Record<string, number | null>>;
};

/** Runs the smoke profile, or the part of it that `flags` name, in a project of its own. */
export async function smokeAt(place: Place, flags: readonly string[]): Promise<Smoke> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-smoke-')));
  try {
    const {stdout} = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: REPOSITORY,
    });
    const ours = stdout.split('\0').filter((name) => /^(pipeline\.yaml|(stages|agents|evals|containers)\/)/.test(name));
    for (const file of ours) cpSync(join(REPOSITORY, file), join(root, file), {recursive: true});
    symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
    // The lab's HTCondor runs no job of root.
    const user = place === 'htcondor' ? {uid: USER.uid, gid: USER.gid} : {};
    if (place === 'htcondor') await execa('chown', ['-R', '-h', `${USER.uid}:${USER.gid}`, root]);
    const env = {PATH: `${LAB_BIN}:${process.env.PATH!}`, HOME: root};
    const profiles = ['--profile', 'smoke', ...(place === 'local' ? [] : ['--profile', place])];
    const ptb = (...args: readonly string[]) =>
      execa(process.execPath, [join(REPOSITORY, 'dist/cli/main.js'), ...args, ...profiles, ...flags], {
        cwd: root,
        env,
        extendEnv: false,
        reject: false,
        ...user,
      });
    const began = performance.now();
    const run = await ptb('pipeline', 'run', ...(place === 'local' ? [] : ['--set', 'executor.poll=1s']));
    if (run.exitCode !== 0) throw new Error(`smoke on ${place}: exit ${run.exitCode}\n${run.stdout}\n${run.stderr}`);
    const seconds = (performance.now() - began) / 1000;
    const table = JSON.parse((await ptb('table', '--format', 'json')).stdout) as {
      rows: {name: string; score: number}[];
    };
    return {
      place,
      seconds,
      digests: digestsBelow(join(root, 'runs/results')),
      table: Object.fromEntries(table.rows.map(({name, score}) => [name, score])),
    };
  } finally {
    rmSync(root, {recursive: true, force: true, maxRetries: 3});
  }
}

function digestsBelow(results: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const stage of readdirSync(results)) {
    for (const folder of readdirSync(join(results, stage))) {
      const file = join(results, stage, folder, 'result.json');
      if (!existsSync(file)) continue;
      const {step, outputs} = JSON.parse(readFileSync(file, 'utf8')) as ResultRecord;
      for (const [name, {digest}] of Object.entries(outputs)) found.set(`${step} ${name}`, digest);
    }
  }
  return found;
}

/** Outputs, by step and name, whose digests are not the same in both, or that only one has. */
export const differing = (one: Smoke, other: Smoke): string[] =>
  [...new Set([...one.digests.keys(), ...other.digests.keys()])]
    .filter((output) => one.digests.get(output) !== other.digests.get(output))
    .sort();

/**
 * Outputs that hold times of day or durations, or what was found in those that do; two runs in one place differ in them too.
 * What smoke-sft trains depends on the time that it gets.
 */
export const TIMED =
  /^(post-train\S* (task|trace\.jsonl)|trace\S* transcript\.jsonl|evidence\S* evidence\.json|audit\S* audit\.json|aggregate table\.\w+)$|agent=smoke-sft/;
