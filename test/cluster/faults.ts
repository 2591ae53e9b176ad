import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {LAB_BIN} from '../lab/lab.js';
import {countsOf, counts, eventsOf, startedBy} from '../rig/look.js';
import {newProject, type Project} from '../rig/project.js';
import {until} from '../rig/until.js';
import {client, idOf, lab, newClusterProject, submissionsOf} from './project.js';
import {emptyQueue, type Kind} from './systems.js';

const WORDS = {
  slurm: {
    cancel: 'scancel',
    by: /^cancelled from outside: Slurm says CANCELLED/,
    hold: ['--hold'],
    held: /JobHeldUser/,
    nonsense: {partition: 'no-such-partition'},
    refused: /^Slurm: .*invalid partition/i,
    full: /^Slurm: .*AssocMaxSubmitJobLimit/,
    limit: 'max-submit',
    many: '-1',
    query: 'squeue',
    submit: 'sbatch',
  },
  htcondor: {
    cancel: 'condor_rm',
    by: /^cancelled from outside: HTCondor says removed: via condor_rm \(by user ptbu\)/,
    hold: ['hold = true'],
    held: /submitted on hold at user's request/,
    nonsense: {requirements: '((('},
    refused: /^HTCondor: .*(Parse error|requirements)/i,
    full: /^HTCondor: .*MAX_JOBS_PER_OWNER/,
    limit: 'max-jobs',
    many: '100000',
    query: 'condor_q',
    submit: 'condor_submit',
  },
} as const;

const release = (kind: Kind, id: string): Promise<string> =>
  kind === 'slurm' ? client('scontrol', 'release', id) : client('condor_release', id);

const failures = (events: Parameters<typeof eventsOf>[0]) => eventsOf(events, 'failed');
const notices = (events: Parameters<typeof eventsOf>[0]): string[] =>
  eventsOf(events, 'notice').map(({text}) => String(text));

/** Programs in front of the lab's that write a line for each call and then are the real ones. */
function countCalls(project: Project, programs: readonly string[]): (program: string) => number {
  const bin = join(project.root, 'counting');
  mkdirSync(bin);
  chmodSync(bin, 0o777);
  project.write(
    Object.fromEntries(
      programs.map((program) => [
        `counting/${program}`,
        `#!/bin/sh\necho >>${bin}/${program}.calls\nexec ${LAB_BIN}/${program} "$@"\n`,
      ]),
    ),
  );
  for (const program of programs) chmodSync(join(bin, program), 0o755);
  project.env.PATH = `${bin}:${project.env.PATH!}`;
  const calls = (program: string): string => join(bin, `${program}.calls`);
  return (program) => (existsSync(calls(program)) ? readFileSync(calls(program), 'utf8').length : 0);
}

/** What goes wrong in the same way on both systems. */
export function sharedFaults(kind: Kind): void {
  const words = WORDS[kind];

  describe(`faults on ${kind}`, () => {
    test('a job that somebody cancels is stopped, not tried again by this run, and run by the next', async () => {
      await using project = await newClusterProject(kind);
      const train = project.stage('train', {retry: {on: ['lost', 'killed'], times: 3}});
      const first = project.run();
      await train.nextInvocation();
      const {job} = await first.event('submitted');
      await client(words.cancel, await idOf(kind, job));
      const ended = await first.ended;
      expect(ended.code).toBe(1);
      const because = expect.stringMatching(words.by) as string;
      expect(failures(ended)).toMatchObject([{again: false, failure: {class: 'stopped', because}}]);

      train.answers({'out.txt': 'model'});
      expect(await project.run().ended).toMatchObject({code: 0});
      expect(train.invocations).toBe(2);
    });

    test('a held job waits, with the reason in status and said once; released it runs, cancelled it is stopped', async () => {
      await using project = await newClusterProject(kind, {flags: words.hold});
      const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
      project.pipeline({
        matrix: {model: ['a', 'b']},
        executor: {use: kind, poll: '0.5s', lag: '3s', accounting: kind === 'slurm', flags: words.hold},
      });
      const run = project.run();
      const [a, b] = [await run.event('submitted', 'train:model=a'), await run.event('submitted', 'train:model=b')];
      const text = String((await run.event('notice')).text);
      expect(text).toMatch(words.held);
      expect(text).toContain(' is held by ');
      await until(async () => {
        const steps = await project.status();
        return steps.every(({state, because}) => state === 'waiting' && words.held.test(because));
      }, 'status shows the hold');
      await release(kind, await idOf(kind, a.job));
      await client(words.cancel, await idOf(kind, b.job));
      const ended = await run.ended;
      expect(countsOf(ended)).toEqual(counts({done: 1, failed: 1}));
      expect(failures(ended)).toMatchObject([{step: 'train:model=b', again: false, failure: {class: 'stopped'}}]);
      expect(notices(ended).filter((one) => one.includes(String(a.job)))).toHaveLength(1);
      expect(train.invocations).toBe(1);
    });

    test('what the system refuses fails with its words, and is not asked again', async () => {
      await using project = await newClusterProject(kind, words.nonsense);
      project.stage('train', {retry: {on: ['lost', 'not-ready'], times: 3}});
      const ended = await project.run().ended;
      expect(ended.code).toBe(1);
      const because = expect.stringMatching(words.refused) as string;
      expect(failures(ended)).toMatchObject([{again: false, failure: {class: 'not-ready', because}}]);
    });

    test('a full queue: what is ready waits, which is said once, and all runs', async () => {
      await using project = await newClusterProject(kind);
      project.stage('train', {for: ['model'], run: ['bash', '-c', 'echo model >out.txt']});
      const run = async (limited: object, model: readonly string[]): Promise<string[]> => {
        project.pipeline({matrix: {model}, executor: {use: kind, poll: '0.5s', lag: '3s', ...limited}});
        const ended = await project.run().ended;
        expect(countsOf(ended)).toMatchObject({done: 3, failed: 0});
        return notices(ended);
      };
      const own = await run({'max-jobs': 1}, ['a', 'b', 'c']);
      expect(own).toEqual(['1 jobs are in the queue, as many as executor.max-jobs allows; what is ready waits']);
      await emptyQueue(kind);
      await lab(kind, words.limit, '1');
      try {
        const said = await run({}, ['d', 'e', 'f']);
        expect(said).toEqual([expect.stringMatching(words.full)]);
        expect(said[0]).toMatch(/; what is ready waits$/);
      } finally {
        await lab(kind, words.limit, words.many);
      }
    });

    test('secrets reach a job by its 0600 file alone: not by spool, queue, command lines or log', async () => {
      await using project = await newClusterProject(kind);
      const canary = `canary-${process.pid}-${Date.now().toString(36)}`;
      project.env.LAB_KEY = canary;
      const train = project.stage('train', {sandbox: {secrets: ['LAB_KEY']}});
      const run = project.run();
      const job = await train.nextInvocation();
      expect(job.env.LAB_KEY).toBe(canary);
      const id = await idOf(kind, (await run.event('submitted')).job);
      const shown =
        kind === 'slurm'
          ? [
              await client('scontrol', 'show', 'job', '--details', id),
              await client('scontrol', 'write', 'batch_script', id, '-'),
            ]
          : [await client('condor_q', '-long', id)];
      for (const text of shown) {
        expect(text).toContain('ptb');
        expect(text).not.toContain(canary);
      }
      const state = join(LAB_BIN, '..', kind);
      const spools = kind === 'slurm' ? ['state', 'spool.1', 'spool.2', 'log'] : ['spool', 'execute', 'log'];
      const files = spools.flatMap((spool) => filesBelow(join(state, spool)));
      expect(files.length).toBeGreaterThan(5);
      expect(files.filter((file) => holds(file, canary))).toEqual([]);
      const lines = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && holds(`/proc/${pid}/cmdline`, canary));
      expect(lines).toEqual([]);
      const [attempt] = project.attempts('train');
      expect(existsSync(join(attempt!, 'secrets'))).toBe(false);
      expect(filesBelow(attempt!).filter((file) => holds(file, canary))).toEqual([]);
      await job.exit(0, {'out.txt': ''});
      expect((await run.ended).code).toBe(0);
    });

    test('60 ready steps: the stated rate, one query a poll interval; --detach leaves them all, stop ends them', async () => {
      await using project = await newClusterProject(kind);
      const calls = countCalls(project, [words.query, words.submit]);
      const model = Array.from({length: 60}, (_, n) => `m${n}`);
      project.stage('train', {for: ['model'], run: ['bash', '-c', 'sleep 1000']});
      const executor = {use: kind, poll: '2s', lag: '3s', 'submit-rate': 20, flags: words.hold};
      project.pipeline({matrix: {model}, executor});
      const began = performance.now();
      const ended = await project.run('--detach').ended;
      const seconds = (performance.now() - began) / 1000;
      expect(ended.code).toBe(0);
      expect(startedBy(ended)).toHaveLength(60);
      expect(calls(words.submit)).toBe(60);
      expect(seconds).toBeGreaterThan(59 / 20);
      expect(calls(words.query)).toBeLessThanOrEqual(1 + Math.ceil(seconds / 2));
      const again = await project.run('--detach').ended;
      expect(startedBy(again)).toEqual([]);
      expect(eventsOf(again, 'adopted')).toHaveLength(60);
      expect(calls(words.submit)).toBe(60);
      expect(await project.ptb('pipeline', 'stop').ended).toMatchObject({code: 0, stdout: '60 jobs stopped\n'});
    }, 90_000);

    test('scratch on the node: the same digests as without, and nothing is left there', async () => {
      const stage = {
        for: [],
        outputs: {model: 'task/final_model', where: {path: 'made.txt'}},
        run: [
          'bash',
          '-c',
          'mkdir -p task/best && head -c 300000 /dev/zero >task/best/model && chmod 755 task/best/model && ln -s best task/final_model && echo made >"$PTB_OUT/made.txt" && pwd -P >&2 && touch "$HOME/.cache-of-mine"',
        ],
      };
      await using plain = await newProject();
      plain.pipeline();
      plain.stage('train', stage);
      expect((await plain.run().ended).code).toBe(0);
      await using project = await newClusterProject(kind);
      const disk = join(project.root, 'disk');
      mkdirSync(disk);
      chmodSync(disk, 0o777);
      const setup = [`export NODE_DISK=${disk}`];
      project.pipeline({executor: {use: kind, poll: '0.5s', lag: '3s', setup, scratch: '$NODE_DISK/of $USER'}});
      project.stage('train', stage);
      expect(await project.run().ended).toMatchObject({code: 0});
      const [[mine], [theirs]] = [project.results('train'), plain.results('train')];
      expect(mine!.record.outputs).toEqual(theirs!.record.outputs);
      expect(readFileSync(join(mine!.dir, 'stderr.log'), 'utf8')).toContain(`${disk}/of `);
      expect(readdirSync(disk).flatMap((user) => readdirSync(join(disk, user)))).toEqual([]);
    });

    test('submitted again because an answer was lost, a job that the queue has is found, not doubled', async () => {
      await using project = await newClusterProject(kind);
      const bin = join(project.root, 'losing');
      // A stand-in for a client whose answer is lost: it submits and fails, once.
      project.write({
        [`losing/${words.submit}`]: `#!/bin/sh\n${LAB_BIN}/${words.submit} "$@" || exit\nmkdir ${bin}/lost 2>/dev/null || exit 0\necho 'Socket timed out on send/recv operation' >&2\nexit 1\n`,
      });
      chmodSync(bin, 0o777);
      chmodSync(join(bin, words.submit), 0o755);
      project.env.PATH = `${bin}:${project.env.PATH!}`;
      const train = project.stage('train').answers({'out.txt': 'model'});
      const ended = await project.run().ended;
      expect(ended.code).toBe(0);
      expect(notices(ended)).toEqual([expect.stringMatching(/Socket timed out.*; what is ready waits$/)]);
      expect(train.invocations).toBe(1);
      expect(await submissionsOf(kind, eventsOf(ended, 'submitted')[0]!.job)).toBe(1);
    });
  });
}

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, {withFileTypes: true, recursive: true}).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

function holds(file: string, text: string): boolean {
  try {
    return readFileSync(file).includes(text);
  } catch {
    return false; // gone meanwhile
  }
}
