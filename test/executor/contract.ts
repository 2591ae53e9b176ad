import {existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {outcomeOf, parseExitRecord, type ExitRecord} from '../../src/executor/exit-record.js';
import type {Executor, Job, JobName, Liveness} from '../../src/executor/executor.js';
import {jobScript} from '../../src/executor/job-script.js';
import {isRunning, kill, killBelow, processesBelow, sessionOf} from '../rig/processes.js';
import {until} from '../rig/until.js';

/** What a kind of executor brings to the contract. */
export type Subject = {
  /** An executor with room for two jobs of `cpus` CPUs (1) and 100 MB. */
  readonly make: () => Executor;
  /** Submits the job of a folder from a process that has ended when this resolves. */
  readonly submitElsewhere: (job: Job) => Promise<void>;
  /** What it answers when it is full: a scheduler takes the job and lets it wait. */
  readonly whenFull: 'busy' | 'waiting';
  /** What it says of a job that asks for 4096 CPUs; absent where it would let it wait for a larger machine. */
  readonly whenTooLarge?: string;
  readonly cpus?: number;
  /** The processes of the jobs below a folder. */
  readonly workers?: typeof processesBelow;
  /** Takes what a failed test left in the queue, which would keep others from room. */
  readonly emptyQueue?: () => Promise<void>;
  /** Called with the folder of each job: a scheduler may run it as another user. */
  readonly open?: (dir: string) => void;
};

const HOUR_MS = 3_600_000;

/** No process of a job is alive this many ms after its KILL. */
const SOON = 2000;

/** Every executor keeps these promises; called once per kind. */
export function executorContract(
  name: string,
  {make, submitElsewhere, whenFull, whenTooLarge, emptyQueue, open, cpus: each = 1, workers = processesBelow}: Subject,
): void {
  let root: string;
  let made = 0;
  // A queue remembers names for a while.
  const run = Date.now().toString(36);
  let executor: Executor;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-executor-')));
    open?.(root);
    executor = make();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await emptyQueue?.();
    await killBelow(root, workers);
    rmSync(root, {recursive: true});
  });

  /** A job whose run script is this bash text; its working directory is `work` in its folder. */
  const prepare = (script: string, {cpus = each, grace = 0.5}: {cpus?: number; grace?: number} = {}): Job => {
    const jobName = `ptb-test-${run}-${++made}` as JobName;
    const dir = join(root, jobName);
    mkdirSync(join(dir, 'work'), {recursive: true});
    const text = jobScript({
      title: jobName,
      dir,
      run: {
        command: ['bash', '-c', script],
        workdir: join(dir, 'work'),
        environment: [
          ['PATH', process.env.PATH!],
          ['HOME', root],
          ['PTB_STEP', join(dir, 'step.json')],
        ],
        graceSeconds: grace,
        ends: 'open',
      },
      secrets: [],
    });
    writeFileSync(join(dir, 'job.sh'), text);
    open?.(dir);
    return {name: jobName, dir, resources: {gpus: 0, cpus, memoryMb: 100, graceSeconds: grace}};
  };
  /** Holds a script until the test lets it go. */
  const HOLD = 'echo $$ >>started; until [ -e go ]; do sleep 0.02; done';
  const at = (job: Job, file: string): string => join(job.dir, 'work', file);
  const started = (job: Job): Promise<void> => until(() => existsSync(at(job, 'started')), `${job.name} has started`);
  const letGo = (job: Job): void => writeFileSync(at(job, 'go'), '');
  const pids = (job: Job, file = 'started'): number[] =>
    readFileSync(at(job, file), 'utf8').trim().split('\n').map(Number);

  const liveness = async (job: Job, by = executor): Promise<Liveness> => (await by.poll([job])).get(job.name)!.liveness;
  const gone = (job: Job, by = executor): Promise<void> =>
    until(async () => (await liveness(job, by)) === 'gone', `${job.name} is gone`);
  const record = (job: Job): ExitRecord | undefined =>
    parseExitRecord(readFileSync(join(job.dir, 'exit.json'), 'utf8'));
  const submit = async (job: Job, by = executor): Promise<Job> => {
    expect(await by.submit(job)).toEqual({kind: 'accepted'});
    return job;
  };
  const submitted = (script: string, options: {cpus?: number; grace?: number} = {}): Promise<Job> =>
    submit(prepare(script, options));

  describe(`executor ${name}`, () => {
    test('a job runs from accepted over running to gone, and leaves its exit record', async () => {
      const job = await submitted(`${HOLD}; echo out; echo err >&2; exit 3`);
      await started(job);
      expect(await liveness(job)).toBe('running');
      expect(existsSync(join(job.dir, 'exit.json'))).toBe(false);
      const before = Date.now();
      letGo(job);
      await gone(job);
      const exit = record(job)!;
      expect(exit).toMatchObject({phase: 'run', endedBy: 'itself', code: 3});
      expect(outcomeOf(exit)).toEqual({kind: 'exited', code: 3});
      expect(exit.started <= exit.runStarted! && exit.runStarted! <= exit.ended && exit.ended >= before).toBe(true);
      expect(readFileSync(join(job.dir, 'stdout.log'), 'utf8')).toBe('out\n');
      expect(readFileSync(join(job.dir, 'stderr.log'), 'utf8')).toBe('err\n');
    });

    test.each([
      ['exit 0', {kind: 'exited', code: 0}],
      ['exit 75', {kind: 'exited', code: 75}],
      ['exit 200', {kind: 'exited', code: 200}],
      ['kill -KILL $$', {kind: 'killed', signal: 'SIGKILL'}],
      ['kill -SEGV $$', {kind: 'killed', signal: 'SIGSEGV'}],
      ['no-such-program', {kind: 'exited', code: 127}],
    ])('how it ended is read from the record: %s', async (script, outcome) => {
      const job = await submitted(script);
      await gone(job);
      expect(outcomeOf(record(job)!)).toMatchObject(outcome);
    });

    test(`a full executor answers ${whenFull}, and takes the job when another has ended`, async () => {
      const [first] = [await submitted(HOLD), await submitted(HOLD)];
      const third = prepare(HOLD);
      if (whenFull === 'busy') {
        expect(await executor.submit(third)).toEqual({kind: 'busy'});
        expect(existsSync(join(third.dir, 'claimed'))).toBe(false);
      } else {
        await submit(third);
        expect(await liveness(third)).toBe('waiting');
      }
      await started(first);
      letGo(first);
      await gone(first);
      if (whenFull === 'busy') await submit(third);
      await started(third);
    });

    const refuses = whenTooLarge === undefined ? undefined : test;
    refuses?.('what it can never run is refused with the reason, and leaves nothing behind', async () => {
      const job = prepare('true', {cpus: 4096});
      const answer = await executor.submit(job);
      expect(answer).toMatchObject({kind: 'refused', because: expect.stringContaining(whenTooLarge!) as string});
      expect(existsSync(join(job.dir, 'claimed'))).toBe(false);
    });

    test('a job that was never submitted is absent, never gone', async () => {
      expect(await liveness(prepare('true'))).toBe('absent');
    });

    test('one question answers for all, each its own', async () => {
      const [ends, holds, never] = [await submitted('true'), await submitted(HOLD), prepare('true')];
      await started(holds);
      await gone(ends);
      const answers = await executor.poll([ends, holds, never]);
      expect([ends, holds, never].map((job) => answers.get(job.name)!.liveness)).toEqual(['gone', 'running', 'absent']);
    });

    test('a clock that is set forward or back makes no job late, and none waited for in vain', async () => {
      const before = await submitted(HOLD);
      await started(before);
      vi.useFakeTimers({toFake: ['Date']});
      vi.setSystemTime(Date.now() + HOUR_MS);
      const seen: Liveness[] = [];
      await until(async () => seen.push(await liveness(before)) >= 50, 'it was looked at over several polls');
      expect(new Set(seen)).toEqual(new Set(['running']));
      vi.setSystemTime(Date.now() - 2 * HOUR_MS);
      const after = await submitted(HOLD);
      await until(async () => (await liveness(after)) === 'running', 'a job submitted since is seen to run');
      letGo(before);
      await gone(before);
    });

    test('a job outlives its submitter, and whoever comes later finds, counts and ends it', async () => {
      const job = prepare(HOLD);
      await submitElsewhere(job);
      await started(job);
      expect(await liveness(job)).toBe('running');
      if (whenFull === 'busy') {
        const third = prepare('true');
        await submitted(HOLD);
        expect(await executor.submit(third)).toEqual({kind: 'busy'}); // it holds its slot here too
      }
      await executor.cancel(job);
      expect(await liveness(job)).toBe('gone');
      expect(outcomeOf(record(job)!)).toEqual({kind: 'stopped'});
    });

    test('submitted twice, by two that do not know of each other, it runs once', async () => {
      const job = prepare(HOLD);
      const other = make();
      await Promise.all([submit(job), submit(job, other)]);
      await started(job);
      await until(async () => (await liveness(job, other)) === 'running', 'the other one sees it');
      letGo(job);
      await gone(job);
      await gone(job, other);
      expect(pids(job)).toHaveLength(1);
      expect(record(job)).toMatchObject({code: 0});
    });

    test('a job killed from outside is gone, without a record', async () => {
      const job = await submitted(HOLD);
      await started(job);
      kill(workers(job.dir));
      await gone(job);
      await gone(job, make());
      expect(existsSync(join(job.dir, 'exit.json'))).toBe(false);
    });

    test('a part of an exit record is none', async () => {
      const job = await submitted('true');
      await gone(job);
      const text = readFileSync(join(job.dir, 'exit.json'), 'utf8').trimEnd();
      expect(parseExitRecord(text)).toBeDefined();
      for (let length = 0; length < text.length; length++)
        expect(parseExitRecord(text.slice(0, length)), text.slice(0, length)).toBeUndefined();
      for (const other of [
        'null',
        '[]',
        '0',
        '{}',
        '{"version":1}',
        '{"version":2,"code":0,"started":1,"ended":2}',
        `${text}${text}`,
      ])
        expect(parseExitRecord(other)).toBeUndefined();
    });

    test('cancel: TERM first, so that a script can save what it has', async () => {
      const job = await submitted(`trap 'echo saved >saved; exit 0' TERM; ${HOLD}`, {grace: 10});
      await started(job);
      await executor.cancel(job);
      expect(readFileSync(at(job, 'saved'), 'utf8')).toBe('saved\n');
      expect(await liveness(job)).toBe('gone');
      expect(outcomeOf(record(job)!)).toEqual({kind: 'stopped'});
    });

    test('cancel: KILL after the grace for one that ignores TERM', async () => {
      const job = await submitted(`trap '' TERM; ${HOLD}`);
      await started(job);
      const before = performance.now();
      await executor.cancel(job);
      expect(performance.now() - before).toBeGreaterThan(400);
      expect(await liveness(job)).toBe('gone');
      await until(() => workers(job.dir).length === 0, 'nothing of the job is left', SOON);
    });

    test('cancel: descendants end too, in the background, in groups and sessions of their own', async () => {
      const child = `bash -c 'trap "" TERM; echo $$ >>"$PTB_STEP.pids"; exec sleep 1000'`;
      const job = await submitted(`(${child} & ${child}) & set -m; ${child} & setsid -f ${child}; ${HOLD}`);
      const all = (): number[] =>
        existsSync(join(job.dir, 'step.json.pids'))
          ? readFileSync(join(job.dir, 'step.json.pids'), 'utf8').trim().split('\n').map(Number)
          : [];
      await started(job);
      await until(() => all().length === 4, 'four descendants');
      await executor.cancel(job);
      await until(() => !all().some(isRunning), 'no descendant is left', SOON);
    });

    test('descendants end with a job that ends by itself', async () => {
      const job = await submitted(`sleep 1000 & echo $! >child; setsid -f sleep 1001; echo $$ >started`);
      await gone(job);
      await until(() => workers(job.dir).length === 0, 'nothing of the job is left', SOON);
      expect(record(job)).toMatchObject({code: 0, endedBy: 'itself'});
    });

    test('cancel: a job that is gone, or was never submitted, is no error and touches no other', async () => {
      const ended = await submitted('true');
      await gone(ended);
      const other = await submitted(HOLD);
      await started(other);
      await executor.cancel(ended);
      await executor.cancel(prepare('true'));
      expect(record(ended)).toMatchObject({endedBy: 'itself', code: 0});
      expect(await liveness(other)).toBe('running');
    });

    test('nothing of the submitter reaches a job: no variable, no open file, no terminal', async () => {
      process.env.PTB_TEST_LEAK = 'leak';
      const job = await submitted(`env >env; ls -l /proc/self/fd >fds; cat >stdin; ${HOLD}`);
      delete process.env.PTB_TEST_LEAK;
      await started(job);
      expect(workers(job.dir).map(({session}) => session)).not.toContain(sessionOf(process.pid));
      const variables = readFileSync(at(job, 'env'), 'utf8')
        .split('\n')
        .map((line) => line.split('=', 1)[0]!)
        .filter((variable) => !['', '_', 'PWD', 'OLDPWD', 'SHLVL', 'LANG'].includes(variable)); // of the inner bash
      expect(variables.sort()).toEqual(['HOME', 'PATH', 'PTB_STEP']);
      expect(readFileSync(at(job, 'stdin'), 'utf8')).toBe('');
      expect(readFileSync(at(job, 'fds'), 'utf8')).not.toMatch(/pts|socket|eventpoll/);
    });
  });
}
