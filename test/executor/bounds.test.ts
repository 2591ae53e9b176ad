import {existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {quote} from '../../src/base/argv.js';
import type {Bounds} from '../../src/executor/bounds.js';
import {outcomeOf, parseExitRecord} from '../../src/executor/exit-record.js';
import {jobScript} from '../../src/executor/job-script.js';
import {killBelow, processesBelow} from '../rig/processes.js';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-bounds-')));
});
afterEach(async () => {
  await killBelow(root);
  rmSync(root, {recursive: true, force: true});
});

const PARTS = ['work', 'made', 'home', 'tmp'];
const WIDE: Bounds = {processes: 4000, logMb: 100, disk: {parts: PARTS, attempts: '', freeMb: 0, leastMb: 10}};

/** An attempt's folder with a job that runs `script` under `bounds`. */
function attempt(name: string, script: string, bounds: Partial<Bounds>): string {
  const dir = join(root, 'attempts', 'stage', name, '1');
  for (const part of PARTS) mkdirSync(join(dir, part), {recursive: true});
  const run = {
    command: ['bash', '-c', script],
    workdir: join(dir, 'work'),
    environment: [
      ['PATH', process.env.PATH!],
      ['PTB_STEP', join(dir, 'step.json')],
    ],
    graceSeconds: 5,
    ends: 'open',
  } as const;
  const all = {...WIDE, disk: {...WIDE.disk, attempts: join(root, 'attempts')}, ...bounds};
  writeFileSync(join(dir, 'job.sh'), jobScript({title: name, dir, run, secrets: [], bounds: all}));
  return dir;
}

const start = (dir: string) => execa('bash', [join(dir, 'job.sh')], {cwd: dir, reject: false, stdio: 'ignore'});
const outcomeIn = (dir: string) => outcomeOf(parseExitRecord(readFileSync(join(dir, 'exit.json'), 'utf8'))!);

test('more processes than its bound: they end, all of them', async () => {
  const dir = attempt('bomb', 'for ((n = 0; n < 300; n++)); do sleep 600 & done; wait', {processes: 200});
  const ended = performance.now();
  await start(dir);
  expect(performance.now() - ended).toBeLessThan(30_000);
  expect(outcomeIn(dir)).toEqual({kind: 'exceeded', what: 'processes'});
  expect(processesBelow(root)).toEqual([]);
});

test('more log than its bound: the job ends, and what stays is its head and its tail', async () => {
  const script = 'echo first; head -c 60000000 /dev/zero | tr "\\0" x; echo last; sleep 600';
  const dir = attempt('talker', script, {logMb: 10});
  await start(dir);
  expect(outcomeIn(dir)).toEqual({kind: 'exceeded', what: 'log'});
  const log = readFileSync(join(dir, 'stdout.log'), 'utf8');
  expect(log.length).toBeLessThan(2_100_000);
  expect(log).toMatch(/^first\nx+\n\[ptb: cut here, it had \d+ bytes\]\nx+/);
});

test('a disk that is full: who holds most of it ends, whoever fails for it is lost, the others go on', async () => {
  // All of it on a disk of 64 MB that nobody else sees.
  const attempts = join(root, 'attempts');
  const disk = {parts: PARTS, attempts, leastMb: 10};
  const small = {disk} as const;
  const here = attempt('hog', 'head -c 100000000 /dev/zero >filled; truncate -s -200K filled; sleep 600', small);
  const others = [
    attempt('victim', 'sleep 2; head -c 9000000 /dev/zero >mine || { rm mine; exit 1; }', small),
    attempt('neighbour', 'head -c 3000000 /dev/zero >mine && sleep 15', small),
  ];
  const dirs = [here, ...others];
  const copy = join(root, 'aside');
  const script = `
    set -e
    mkdir ${quote(copy)}; cp -r ${quote(attempts)}/. ${quote(copy)}
    mount -t tmpfs -o size=64m none ${quote(attempts)}
    cp -r ${quote(copy)}/. ${quote(attempts)}
    ${dirs.map((dir) => `bash ${quote(join(dir, 'job.sh'))} &`).join('\n')}
    wait
    for dir in ${dirs.map(quote).join(' ')}; do cp "$dir/exit.json" ${quote(copy)}\${dir#${quote(attempts)}}/; done
    cat ${quote(join(here, 'stderr.log'))} >${quote(join(copy, 'said'))}`;
  const ended = await execa('unshare', ['--user', '--map-root-user', '--mount', 'bash', '-c', script], {reject: false});
  expect(ended.exitCode, ended.stderr).toBe(0);
  const [hog, victim, neighbour] = dirs.map((dir) => outcomeIn(dir.replace(attempts, copy)));
  expect(hog).toEqual({kind: 'exceeded', what: 'disk'});
  expect(victim).toMatchObject({kind: 'lost'});
  expect(JSON.stringify(victim)).toContain('the disk was full on ');
  expect(neighbour).toEqual({kind: 'exited', code: 0});
  expect(readFileSync(join(copy, 'said'), 'utf8')).toMatch(/ptb: removed work\/filled \(\d+ kB\): the disk was full/);
});

test('a job within its bounds is left alone, and its failure is its own', async () => {
  const dir = attempt('good', 'echo out; sleep 1.2; head -c 20000000 /dev/zero >model; exit 3', {});
  await start(dir);
  expect(outcomeIn(dir)).toEqual({kind: 'exited', code: 3});
  expect(statSync(join(dir, 'work/model')).size).toBe(20_000_000);
  expect(existsSync(join(dir, 'claimed/over'))).toBe(false);
});
