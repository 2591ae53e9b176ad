import {
  existsSync,
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
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {Job, JobName} from '../../src/executor/executor.js';
import {jobScript} from '../../src/executor/job-script.js';
import {local} from '../../src/executor/local.js';
import {bootId, isAlive, startTime, thisProcess} from '../../src/executor/process.js';
import {killBelow, processesBelow} from '../rig/processes.js';
import {until} from '../rig/until.js';
import {executorContract} from './contract.js';

const make = () =>
  local({
    capacity: {cpus: 2, memoryMb: 200, gpus: 0},
    gpus: [],
    leases: '',
    path: process.env.PATH!,
    onExit: () => undefined,
  });

executorContract('local', {
  make,
  whenFull: 'busy',
  whenTooLarge: '4096 CPUs',
  submitElsewhere: async (job) => {
    await execa(process.execPath, [
      fileURLToPath(new URL('submitter.mjs', import.meta.url)),
      JSON.stringify(job),
      'local',
    ]);
  },
});

test('a job that another version of ptb composed runs by the functions of its own script', async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-edition-')));
  const run = {command: ['true'], workdir: dir, environment: [['PATH', process.env.PATH!]], graceSeconds: 1} as const;
  const text = jobScript({title: 'edition', dir, run: {...run, ends: 'open'}, secrets: []});
  const [, edition] = /^ptb_functions=(\w+)$/m.exec(text)!;
  const other = text.replaceAll(edition!, edition!.replaceAll(/./g, '0')).replace('"phase":"%s"', '"by":"other",$&');
  const executor = make();
  for (const [name, script] of Object.entries({ours: text, other})) {
    const at = join(dir, name);
    mkdirSync(at);
    writeFileSync(join(at, 'job.sh'), script.replaceAll(`dir=${dir}`, `dir=${at}`));
    await executor.submit({
      name: name as JobName,
      dir: at,
      resources: {gpus: 0, cpus: 1, memoryMb: 1, graceSeconds: 1},
    });
    await until(() => existsSync(join(at, 'exit.json')), 'the job has ended');
    const record = JSON.parse(readFileSync(join(at, 'exit.json'), 'utf8')) as {by?: string; code: number};
    expect([record.code, record.by]).toEqual([0, name === 'other' ? 'other' : undefined]);
  }
  rmSync(dir, {recursive: true});
});

describe('GPUs', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-gpus-')));
  });
  afterEach(async () => {
    await killBelow(root);
    rmSync(root, {recursive: true});
  });

  /** As another ptb of this host would have it. */
  const withGpus = () =>
    local({
      capacity: {cpus: 64, memoryMb: 64_000, gpus: 2},
      gpus: ['GPU-a', 'GPU-b'],
      leases: join(root, 'leases'),
      path: process.env.PATH!,
      onExit: () => undefined,
    });
  const job = (name: string, gpus: number, end: string): Job => {
    const dir = join(root, name);
    mkdirSync(dir);
    const owner = 'me=$BASHPID; read -r boot </proc/sys/kernel/random/boot_id; stat=($(</proc/$me/stat))';
    const claim = 'mkdir claimed; echo "$me ${stat[21]} $boot host" >claimed/o; mv claimed/o claimed/owner';
    const tell = 'echo "$CUDA_VISIBLE_DEVICES" >gpus.tmp; mv gpus.tmp gpus';
    writeFileSync(join(dir, 'job.sh'), `${owner}; ${claim}; ${tell}; ${end}`);
    return {name: name as JobName, dir, resources: {gpus, cpus: 1, memoryMb: 1, graceSeconds: 1}};
  };
  // One that starts only after its test has ended ends too.
  const HOLD = 'until [ -e go ] || [ ! -e job.sh ]; do sleep 0.02; done; echo {} >exit.json';
  const given = async ({dir}: Job): Promise<string> => {
    await until(() => existsSync(join(dir, 'gpus')), 'the job has started');
    return readFileSync(join(dir, 'gpus'), 'utf8').trim();
  };
  const letGo = async (one: Job): Promise<void> => {
    writeFileSync(join(one.dir, 'go'), '');
    await until(() => processesBelow(one.dir).length === 0, 'the job is gone');
  };

  test('are leased by UUID among all ptb of the host, never two jobs on one', async () => {
    const [here, there] = [withGpus(), withGpus()];
    const [a, b, c, none] = [job('a', 1, HOLD), job('b', 1, HOLD), job('c', 2, HOLD), job('none', 0, HOLD)];
    expect(await here.submit(a)).toEqual({kind: 'accepted'});
    expect(await there.submit(b)).toEqual({kind: 'accepted'});
    expect(await there.submit(none)).toEqual({kind: 'accepted'});
    expect([await given(a), await given(b), await given(none)]).toEqual(['GPU-a', 'GPU-b', '']);
    expect(await here.submit(c)).toEqual({kind: 'busy'});
    await letGo(a);
    await until(async () => (await here.poll([a])).get(a.name)?.liveness === 'gone', 'the end of a is seen');
    expect(await here.submit(c)).toEqual({kind: 'busy'}); // one is not enough, and is not kept either
    expect(await there.submit(job('d', 1, HOLD))).toEqual({kind: 'accepted'});
  });

  test('go back with the job, also when nobody is left to give them back', async () => {
    const killed = job('killed', 2, HOLD);
    expect(await withGpus().submit(killed)).toEqual({kind: 'accepted'});
    expect(await given(killed)).toBe('GPU-a,GPU-b');
    const later = withGpus();
    const next = job('next', 2, HOLD);
    expect(await later.submit(next)).toEqual({kind: 'busy'});
    await killBelow(killed.dir);
    expect(await later.submit(next)).toEqual({kind: 'accepted'});
    expect(await given(next)).toBe('GPU-a,GPU-b');
  });

  test('a lease that was cut off while it was written, or whose submitter died before the start, holds nothing', async () => {
    mkdirSync(join(root, 'leases'));
    writeFileSync(join(root, 'leases/GPU-a.json'), '{"dir": "/');
    const dead = {dir: join(root, 'never'), submitter: {pid: 4_194_000, start: '1', boot: bootId()}};
    writeFileSync(join(root, 'leases/GPU-b.json'), JSON.stringify(dead));
    expect(await withGpus().submit(job('next', 2, HOLD))).toEqual({kind: 'accepted'});
  });
});

test('of many that find the same stale file one takes it over', async () => {
  const root = mkdtempSync(join(tmpdir(), 'ptb-claim-'));
  const file = join(root, 'lock');
  writeFileSync(file, 'stale');
  const module = new URL('../../dist/executor/exclusive.js', import.meta.url).href;
  const script = `
    import {claim} from ${JSON.stringify(module)};
    const claims = [1, 2, 3].map(() => claim(process.argv[1], 'me ' + process.pid, (text) => text === 'stale').kind);
    console.log(claims.join());`;
  const all = await Promise.all(
    Array.from({length: 6}, () => execa(process.execPath, ['--input-type=module', '-e', script, file])),
  );
  const words = all.flatMap(({stdout}) => stdout.split(','));
  expect(words.filter((word) => word === 'mine')).toHaveLength(1);
  expect(words).toHaveLength(18);
  expect(readdirSync(root)).toEqual(['lock']);
  rmSync(root, {recursive: true});
});

test('memory is a slot like CPUs', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ptb-local-'));
  const job = (memoryMb: number): Job => ({
    name: 'ptb-test-memory' as JobName,
    dir,
    resources: {gpus: 0, cpus: 1, memoryMb, graceSeconds: 1},
  });
  expect(await make().submit(job(201))).toEqual({
    kind: 'refused',
    because: 'it asks for 201 MB of memory, and there are 200',
  });
  rmSync(dir, {recursive: true});
});

test.each([
  ['its own', {}, 'running'],
  ['another start', {start: '1'}, 'gone'],
  ['another boot', {boot: 'another'}, 'gone'],
  ['a pid that nobody has', {pid: 4_194_000}, 'gone'],
])('a pid alone proves nothing: a process with %s', async (_what, differs, liveness) => {
  const dir = mkdtempSync(join(tmpdir(), 'ptb-local-'));
  const {pid, start, boot} = {...thisProcess(), ...differs};
  mkdirSync(join(dir, 'claimed'));
  writeFileSync(join(dir, 'claimed/owner'), `${pid} ${start} ${boot} host\n`);
  const job: Job = {name: 'ptb-test' as JobName, dir, resources: {gpus: 0, cpus: 1, memoryMb: 1, graceSeconds: 1}};
  expect((await make().poll([job])).get(job.name)).toEqual({liveness});
  if (liveness === 'gone') await make().cancel(job); // must not end this very process, whose pid it may be
  rmSync(dir, {recursive: true});
});

test('a process is told from a later one with its pid', () => {
  expect(isAlive(thisProcess())).toBe(true);
  expect(startTime(process.pid)).toMatch(/^\d+$/);
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});
