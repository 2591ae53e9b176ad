import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {counts, countsOf, eventsOf, failuresOf, startedBy} from '../rig/look.js';
import type {Invocation} from '../rig/held.js';
import {until} from '../rig/until.js';
import {newProject, type Project} from '../rig/project.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A stage that is a bash script and counts its runs in the file `ran` of the project. */
const scripted = (project: Project, name: string, script: string, declared: object = {}): void => {
  project.stage(name, {run: ['bash', 'go.sh'], resources: {grace: '0.5s'}, ...declared});
  project.write({[`stages/${name}/go.sh`]: `echo >>"${project.root}/ran"\n${script}`});
};
/** The job has written its exit record. */
const recorded = (attempt: Invocation): Promise<void> =>
  until(() => existsSync(join(dirname(attempt.cwd), 'exit.json')), 'an exit record');
const ran = (project: Project): number => (project.has('ran') ? project.read('ran').length : 0);

describe('a disk that is full', () => {
  /**
   * Runs bash with `runs/` on a file system of 2 MB that nobody else sees. `fill` takes all that is left on it, `free` gives it
   * back, `ptb` is the command line, `is CODE TEXT…` runs the pipeline and fails unless it ends and speaks so.
   */
  const onTinyDisk = async (project: Project, script: string): Promise<void> => {
    mkdirSync(join(project.root, 'runs'), {recursive: true});
    const {exitCode, all} = await execa('unshare', ['-rm', 'bash', '-c', `${TINY_DISK}\n${script}`], {
      cwd: project.root,
      env: {NODE: process.execPath, MAIN},
      reject: false,
      all: true,
    });
    if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${all}`);
  };
  const TINY_DISK = `
    set -u
    mount -t tmpfs -o size=2m tmpfs runs || exit 90
    fill() { dd if=/dev/zero of=runs/filler bs=4k conv=fsync 2>/dev/null; true; }
    free() { rm -f runs/filler; }
    ptb() { "$NODE" "$MAIN" "$@" </dev/null; }
    is() {
      local code=$1 said got; shift
      said=$(ptb pipeline run 2>&1); got=$?
      printf '%s\\n' "$said"
      [ $got = "$code" ] || { echo "exit $got instead of $code"; exit 91; }
      for text; do case $said in *"$text"*) ;; *) echo "does not say: $text"; exit 92 ;; esac; done
    }
    left() { ls runs/results/train 2>/dev/null | wc -l; }`;

  test('when the lock and the journal are to be written: nothing is started, and the way out is said', async () => {
    await using project = await newProject();
    scripted(project, 'train', 'echo model >out.txt');
    project.pipeline();
    await onTinyDisk(
      project,
      `fill; is 3 'the disk is full' 'call the same command again'; [ ! -e ran ] || exit 93; free; is 0`,
    );
    expect(ran(project)).toBe(1);
  });

  test('while a job is composed: it is composed anew', async () => {
    await using project = await newProject();
    scripted(project, 'train', 'echo model >out.txt');
    project.write({'stages/train/large.bin': Buffer.alloc(400_000, 'x')});
    project.pipeline();
    await onTinyDisk(
      project,
      `fill; truncate -s -200K runs/filler; is 3 'the disk is full'; [ -d runs/attempts/train ] && [ ! -e ran ] || exit 93; free; is 0; ptb store verify`,
    );
    expect(ran(project)).toBe(1);
  });

  test('while a job runs: that is its failure, or nothing at all, and never a result', async () => {
    await using project = await newProject();
    scripted(
      project,
      'train',
      '[ -e ../../../../../../full ] || exec dd if=/dev/zero of=out.txt bs=4k; echo model >out.txt',
    );
    project.pipeline();
    await onTinyDisk(
      project,
      `ptb pipeline run && exit 94; [ $(left) = 0 ] || exit 95
       find runs -name out.txt -delete; : >full; ptb pipeline run; is 0; ptb store verify`,
    );
    expect(ran(project)).toBe(2);
  });

  test.each([
    ['its outputs are taken', ''],
    ['its result is written', 'mkdir -p "$attempt/out"'],
  ])('while %s: they wait for room, the job does not run again', async (_when, prepared) => {
    await using project = await newProject();
    scripted(project, 'train', 'sleep 0.5; echo model >out.txt');
    project.pipeline();
    await onTinyDisk(
      project,
      `"$NODE" "$MAIN" pipeline run >log 2>&1 </dev/null & controller=$!
       until [ -e ran ]; do sleep 0.05; done; kill -9 $controller
       attempt=$(echo runs/attempts/train/*/1); until [ -e "$attempt/exit.json" ]; do sleep 0.05; done
       ${prepared}
       fill; is 3 'the disk is full'; [ $(left) = 0 ] || exit 95; free; is 0; ptb store verify`,
    );
    expect(ran(project)).toBe(1);
  });

  test('when the ledger is to be written: it is only an index', async () => {
    await using project = await newProject();
    scripted(project, 'train', 'echo model >out.txt');
    project.pipeline();
    await onTinyDisk(project, `is 0; rm runs/ledger.json; fill; is 0 '1 cached'; free; is 0 '1 cached'`);
    expect(ran(project)).toBe(1);
  });
});

test.each([
  ['by its mode', 'chmod 555 runs', 'permission denied'],
  ['by its mount', 'mount --bind runs runs && mount -o remount,bind,ro runs', 'the file system is read-only'],
])('runs/ that is read-only %s: said, and nothing started; what is there can be read', async (_how, close, says) => {
  await using project = await newProject();
  scripted(project, 'train', 'echo model >out.txt', {for: ['model']});
  project.pipeline();
  project.dropRights();
  const first = await project.run().ended;
  expect([first.code, first.stderr]).toEqual([0, '']);
  const inside = async (...args: string[]) => {
    const script = `${close} && exec "$0" "$@"`;
    // As an ordinary user, whom the mode stops; in a name space of its own, which the mount needs.
    const nobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    const shell = close.startsWith('mount') ? ['unshare', '-rm', 'bash'] : ['bash'];
    const [program, ...rest] = [...nobody, ...shell, '-c', script, process.execPath, MAIN, ...args] as [string];
    return execa(program, rest, {
      cwd: project.root,
      reject: false,
      extendEnv: false,
      env: {PATH: process.env.PATH!, HOME: project.root},
    });
  };
  try {
    const cached = await inside('pipeline', 'run');
    expect([cached.exitCode, cached.stderr]).toEqual([0, expect.stringContaining('1 cached')]);
    expect((await inside('pipeline', 'status')).stdout).toContain('1 done');
    project.pipeline({matrix: {model: ['tiny', 'more']}});
    const refused = await inside('pipeline', 'run');
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringContaining(says)]);
    expect(ran(project)).toBe(1);
  } finally {
    chmodSync(join(project.root, 'runs'), 0o755);
  }
});

describe('a clock that was set back an hour', () => {
  const AHEAD = new Date(Date.now() + 3_600_000);
  const ahead = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path)) ahead(join(path, name));
    utimesSync(path, AHEAD, AHEAD);
  };

  test('what is on disk of the future is cached, and a result that goes is missed', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
    project.pipeline({matrix: {model: ['a', 'b']}});
    await project.run().ended;
    ahead(join(project.root, 'runs'));
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 2}));
    rmSync(project.results('train')[0]!.dir, {recursive: true});
    ahead(join(project.root, 'runs/results'));
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 1, done: 1}));
    expect(train.invocations).toBe(3);
  });

  test('while a job ran: its times are those of a clock that nobody sets', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    await attempt.exit(0, {'out.txt': 'model'});
    const exit = join(dirname(attempt.cwd), 'exit.json');
    await recorded(attempt);
    const record = JSON.parse(readFileSync(exit, 'utf8')) as {ended: number; activeMs: number};
    writeFileSync(exit, JSON.stringify({...record, ended: record.ended - 3_600_000}));
    expect((await project.run().ended).code).toBe(0);
    const {seconds} = project.results('train')[0]!.record;
    expect(seconds.run).toBe(record.activeMs / 1000);
    expect(seconds.total).toBeGreaterThanOrEqual(seconds.run);
  });

  test('a claim cut off before its owner stood in it holds nothing up', async () => {
    await using project = await newProject();
    const train = project.stage('train', {retry: {on: ['lost'], times: 1}});
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    await attempt.exit(1);
    const owner = join(dirname(attempt.cwd), 'claimed/owner');
    await recorded(attempt);
    rmSync(join(dirname(attempt.cwd), 'exit.json'));
    writeFileSync(owner, '');
    ahead(owner);
    train.answers({'out.txt': 'model'});
    const second = await project.run().ended;
    expect(failuresOf(second, 'train')).toMatchObject([{class: 'lost'}]);
    expect(second.code).toBe(0);
  });
});

describe('the ledger', () => {
  test('does not trust a folder that changed within one tick of the clock', async () => {
    await using project = await newProject();
    project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
    project.pipeline({matrix: {model: ['a', 'b']}});
    await project.run().ended;
    const stage = join(project.root, 'runs/results/train');
    const before = statSync(stage);
    rmSync(project.results('train')[0]!.dir, {recursive: true});
    utimesSync(stage, before.atime, before.mtime); // as a clock that does not tick would leave it
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 1, done: 1}));
  });

  test('sees that another result stands in the same folder', async () => {
    await using project = await newProject();
    const train = project.stage('train').answers({'out.txt': 'first'});
    project.stage('judge', {needs: ['train']}).answers({'out.txt': '1'});
    project.pipeline();
    await project.run().ended;
    const ledger = project.read('runs/ledger.json');
    train.answers({'out.txt': 'second'});
    await project.run('--rerun', 'train', '--until', 'train').ended;
    project.write({'runs/ledger.json': ledger}); // the controller was killed before it saved
    expect(startedBy(await project.run().ended)).toEqual(['judge']);
  });
});

test('an output of 100 000 files takes seconds, not minutes, and little memory', {timeout: 300_000}, async () => {
  await using project = await newProject();
  const train = project.stage('train', {outputs: {model: 'model'}});
  project.pipeline();
  const first = project.run();
  const attempt = await train.nextInvocation();
  first.kill('SIGKILL');
  await first.ended;
  for (let folder = 0; folder < 100; folder++) {
    const dir = join(attempt.cwd, 'model', String(folder));
    mkdirSync(dir, {recursive: true});
    writeFileSync(join(dir, '0'), String(folder));
    for (let n = 1; n < 1000; n++) linkSync(join(dir, '0'), join(dir, String(n)));
  }
  await attempt.exit(0);
  await recorded(attempt);

  const began = performance.now();
  const second = project.run();
  let peak = 0;
  const timer = setInterval(() => {
    const [, kb] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${second.pid}/status`, 'utf8')) ?? [];
    peak = Math.max(peak, Math.round(Number(kb ?? 0) / 1000));
  }, 50);
  await second.event('done', 'train');
  clearInterval(timer);
  const seconds = (performance.now() - began) / 1000;
  console.log(`100 000 files: a result ${seconds.toFixed(1)} s after the call, in at most ${peak} MB`);
  expect((await second.ended).code).toBe(0);
  expect(project.results('train')[0]!.record.outputs.model!.files).toBe(100_000);
  expect(seconds).toBeLessThan(120);
  expect(peak).toBeLessThan(500);
});

test('two steps whose cells read alike are two', async () => {
  await using project = await newProject();
  const train = project
    .stage('train', {for: ['agent', 'model']})
    .answers(({step}) => ({'out.txt': `${step.axes.agent!} ${step.axes.model!}`}));
  project.pipeline({matrix: {agent: ['a-b', 'a'], model: ['c', 'b-c']}});
  expect(countsOf(await project.run().ended)).toEqual(counts({done: 4}));
  const results = project.results('train');
  expect(results.filter(({dir}) => /\/a-b-c-[0-9a-f]{12}$/.test(dir))).toHaveLength(2);
  for (const {dir, record} of results) {
    const {agent, model} = record.doc.axes;
    expect(readFileSync(join(dir, 'out/out.txt'), 'utf8')).toBe(`${agent!} ${model!}`);
  }
  expect(train.invocations).toBe(4);
  expect(startedBy(await project.run().ended)).toEqual([]);
});

describe('a project file that is deleted while a run is under way', () => {
  test.each([
    ['a script', 'stages/judge/held-command.mjs', 'stages/judge/held-command.mjs was deleted'],
    ['a file that it reads', 'lib/rules.txt', 'lib/rules.txt, which stages/judge/stage.yaml:'],
  ])('%s: the step is held with its place, the others go on', async (_what, file, says) => {
    await using project = await newProject();
    const train = project.stage('train');
    const judge = project.stage('judge', {needs: ['train'], reads: ['lib/rules.txt']}).answers({'out.txt': '1'});
    const other = project.stage('other', {needs: ['train']}).answers({'out.txt': '1'});
    project.write({'lib/rules.txt': 'rules'});
    project.pipeline();
    const run = project.run();
    const attempt = await train.nextInvocation();
    const aside = join(project.root, 'aside');
    cpSync(join(project.root, file), aside);
    rmSync(join(project.root, file));
    await attempt.exit(0, {'out.txt': 'model'});
    const ended = await run.ended;
    expect(ended.code).toBe(1);
    expect(eventsOf(ended, 'held', 'judge')).toMatchObject([{because: expect.stringContaining(says) as string}]);
    expect([judge.invocations, other.invocations]).toEqual([0, 1]);
    renameSync(aside, join(project.root, file));
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 2, done: 1}));
  });
});
