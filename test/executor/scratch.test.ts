import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {outcomeOf, parseExitRecord, type ExitRecord} from '../../src/executor/exit-record.js';
import {jobScript} from '../../src/executor/job-script.js';
import {collect, type Collected} from '../../src/store/collect.js';
import {attemptPaths} from '../../src/store/paths.js';
import {USER} from '../lab/lab.js';
import {killBelow} from '../rig/processes.js';
import {until} from '../rig/until.js';

let root: string;
let scratch: string;
let made = 0;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-scratch-')));
  scratch = join(root, "a node's disk");
});
afterEach(async () => {
  await killBelow(root);
  rmSync(root, {recursive: true, force: true});
});

const OUTPUTS = [
  'task/final_model',
  'task',
  'by-link',
  'behind/a link/file',
  'plain.txt',
  'absent',
  'made.txt',
  'outside',
  'dangling',
];

/** What outputs may look like, and what must not be one. */
const NASTY = `
mkdir -p task/final_model/shards checkpoints/best real "$PTB_OUT"
echo weights >task/final_model/model; chmod 755 task/final_model/model
printf x >"task/final_model/shards/with a
newline"
ln task/final_model/model task/final_model/hard; ln -s model task/final_model/soft; mkfifo task/fifo
echo secret >task/closed; chmod 000 task/closed; mkdir task/locked; echo in >task/locked/file; chmod 000 task/locked
echo best >checkpoints/best/model; ln -s checkpoints/best by-link
mkdir 'real/a link'; echo far >'real/a link/file'; ln -s real behind
echo plain >plain.txt; echo made >"$PTB_OUT/made.txt"; ln -s /etc/hostname outside; ln -s nowhere dangling
echo dropped >undeclared
`;

type Tried = {
  readonly dir: string;
  readonly exit: ExitRecord | undefined;
  readonly collected: () => Promise<Collected>;
};

function compose(script: string, outputs = OUTPUTS): string {
  const dir = join(root, `attempt-${++made}`);
  const paths = attemptPaths(dir);
  for (const part of [paths.work, paths.made, paths.home, paths.tmp]) mkdirSync(part, {recursive: true});
  const run = {
    command: ['bash', '-c', script],
    workdir: paths.work,
    environment: [
      ['PATH', process.env.PATH!],
      ['HOME', paths.home],
      ['PTB_STEP', paths.step],
      ['PTB_OUT', paths.made],
    ],
    graceSeconds: 1,
    ends: 'open',
  } as const;
  const keep = [...outputs, 'failure.json'].sort((a, b) => a.split('/').length - b.split('/').length);
  const name = `ptb-test-${made}`;
  const text = jobScript({
    title: name,
    dir,
    run,
    secrets: [],
    scratch: {name, parts: ['work', 'made', 'home', 'tmp'], keep},
  });
  writeFileSync(paths.script, text);
  return dir;
}

const env = (on: string | undefined): Record<string, string> => ({
  PATH: process.env.PATH!,
  ...(on === undefined ? {} : {PTB_SCRATCH: on}),
});

async function tried(script: string, on: string | undefined, outputs = OUTPUTS): Promise<Tried> {
  const dir = compose(script, outputs);
  // Root could read what a script closed to its owner.
  const user = process.getuid?.() === 0 ? {uid: USER.uid, gid: USER.gid} : {};
  if (process.getuid?.() === 0) await execa('chown', ['-R', `${USER.uid}:${USER.gid}`, root]);
  await execa('bash', ['job.sh'], {cwd: dir, env: env(on), extendEnv: false, reject: false, ...user});
  return {
    dir,
    exit: recordIn(dir),
    collected: () =>
      collect(
        attemptPaths(dir),
        outputs.map((path) => ({name: path, path, optional: true, schema: undefined, reports: []}) as never),
        (schema) => schema,
      ),
  };
}

const recordIn = (dir: string): ExitRecord | undefined =>
  existsSync(join(dir, 'exit.json')) ? parseExitRecord(readFileSync(join(dir, 'exit.json'), 'utf8')) : undefined;

test('outputs come back as they would have been: digest by digest, links, pipes and closed files too', async () => {
  const without = await (await tried(NASTY, undefined)).collected();
  const on = await tried(`${NASTY} pwd -P >plain.txt; echo plain >plain.txt; readlink -f . >&2`, scratch);
  expect(readFileSync(join(on.dir, 'stderr.log'), 'utf8')).toContain(`${scratch}/ptb-test-`);
  expect(on.exit).toMatchObject({code: 0, endedBy: 'itself', phase: 'run'});
  expect(existsSync(join(on.dir, 'work/undeclared'))).toBe(false);
  const back = await on.collected();
  expect(back).toEqual(without);
  expect(Object.keys((back as {outputs: object}).outputs).sort()).toEqual([
    'by-link',
    'file',
    'final_model',
    'made.txt',
    'plain.txt',
    'task',
  ]);
  for (const part of ['work', 'made', 'home', 'tmp']) expect(lstatSync(join(on.dir, part)).isDirectory()).toBe(true);
  expect(readdirSync(scratch)).toEqual([]);
});

test('a failure leaves its failure.json, and keeps its exit code', async () => {
  const {dir, exit} = await tried(`echo '{"class":"no-model","because":"x"}' >failure.json; exit 3`, scratch);
  expect(exit).toMatchObject({code: 3});
  expect(readFileSync(join(dir, 'work/failure.json'), 'utf8')).toContain('no-model');
});

test.each([
  ['a relative path', () => 'scratch', /no absolute path/],
  ['nothing', () => '', /no absolute path/],
  ['a folder that cannot be made', () => '/proc/no-such', /cannot be written/],
])('scratch that is %s is the machine that is not ready', async (_what, on, because) => {
  const {dir, exit} = await tried('true', on());
  expect(exit).toMatchObject({phase: 'prepare', code: 75});
  const failure = JSON.parse(readFileSync(join(dir, 'work/failure.json'), 'utf8')) as {class: string; because: string};
  expect(failure.class).toBe('not-ready');
  expect(failure.because).toMatch(because);
});

test('a job that is told to end leaves nothing on scratch; one that is killed is swept by the next', async () => {
  const start = () => {
    const dir = compose('touch started; sleep 1000', []);
    return {
      dir,
      job: execa('bash', ['job.sh'], {cwd: dir, env: env(scratch), extendEnv: false, reject: false, detached: true}),
    };
  };
  const begun = ({dir}: {dir: string}): Promise<void> => until(() => existsSync(join(dir, 'work/started')), 'it runs');
  const [told, killed, lives] = [start(), start(), start()];
  await Promise.all([told, killed, lives].map(begun));
  const folders = (): string[] => readdirSync(scratch).sort();
  expect(folders()).toHaveLength(3);

  told.job.kill('SIGTERM');
  await told.job;
  expect(outcomeOf(recordIn(told.dir)!)).toEqual({kind: 'stopped'});
  expect(folders()).toHaveLength(2);

  killed.job.kill('SIGKILL');
  await killed.job;
  for (const folder of [realpathSync(join(killed.dir, 'work')), killed.dir]) await killBelow(folder);
  expect(existsSync(join(killed.dir, 'exit.json'))).toBe(false);
  expect(folders()).toHaveLength(2);
  chmodSync(scratch, 0o777);
  const next = compose('true', []);
  await execa('bash', ['job.sh'], {cwd: next, env: env(scratch), extendEnv: false});
  // The one that lives is left alone.
  expect(folders()).toEqual([expect.stringMatching(/^ptb-test-/)]);
  expect(existsSync(join(lives.dir, 'work/started'))).toBe(true);
});
