import {execFileSync} from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {sha256} from '../../src/base/canonical.js';
import {failuresOf, startedBy} from '../rig/look.js';
import {processes} from '../rig/processes.js';
import {newProject, type Result} from '../rig/project.js';

const tree = (root: string): string[] =>
  readdirSync(root, {recursive: true, withFileTypes: true})
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

const userOf = (path: string): {uid: number; gid: number} => {
  const {uid, gid} = statSync(path);
  return {uid, gid};
};

test('a script sees the variables of the contract and no other', async () => {
  await using project = await newProject();
  Object.assign(project.env, {SOME_KEY: 'of the host', HF_TOKEN: 'secret', OTHER_TOKEN: 'secret', LC_ALL: 'C'});
  project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
  const train = project.stage('train', {
    for: ['agent', 'model'],
    needs: ['fetch'],
    fields: ['agent.effort', 'agent.tools', 'agent.absent?', 'settings.note'],
    sandbox: {secrets: ['HF_TOKEN', 'NOT_SET']},
  });
  project.pipeline({
    matrix: {agent: ['codex-5.1'], model: ['tiny']},
    catalog: {agent: {'codex-5.1': {effort: 'high', tools: ['bash', 'edit']}}},
    settings: {note: 'it\'s $HOME; `x`\nand "more"'},
  });
  const run = project.run();
  const attempt = await train.nextInvocation();
  const {PATH, LANG, HOME, ...rest} = attempt.env;
  const dir = join(attempt.cwd, '..');
  expect(rest).toEqual({
    PTB_STEP: join(dir, 'step.json'),
    PTB_FILES: join(dir, 'files'),
    PTB_OUT: join(dir, 'made'),
    PTB_IN_FETCH: join(dir, 'in/fetch'),
    PTB_AGENT: 'codex-5.1',
    PTB_MODEL: 'tiny',
    PTB_AGENT_EFFORT: 'high',
    PTB_AGENT_TOOLS: '["bash","edit"]',
    PTB_SETTINGS_NOTE: 'it\'s $HOME; `x`\nand "more"',
    HF_TOKEN: 'secret',
  });
  expect([PATH?.includes('/bin'), LANG, HOME]).toEqual([true, 'C.UTF-8', join(dir, 'home')]);
  expect(attempt.step).toMatchObject({
    id: 'train:agent=codex-5.1,model=tiny',
    axes: {agent: 'codex-5.1', model: 'tiny'},
    fields: {'agent.effort': 'high', 'agent.tools': ['bash', 'edit'], 'settings.note': expect.any(String) as string},
    needs: {fetch: [{axes: {model: 'tiny'}, path: join(dir, 'in/fetch')}]},
  });
  await attempt.exit(0, {'out.txt': 'model'});
  expect((await run.ended).code).toBe(0);
});

test('it is handed the declared files, read-only, and nothing else of the project', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model'], reads: ['data/${{ model }}.txt', 'lib/**/*.py']});
  project.write({
    'data/tiny.txt': 'declared',
    'data/other.txt': 'not declared',
    'lib/a.py': 'a',
    'lib/deep/er/b.py': 'b',
    'lib/deep/b.txt': 'not matched',
    'lib/.hidden/c.py': 'not matched',
    'stages/train/help.sh': 'echo',
    'stages/train/tests/t.sh': 'not a script',
  });
  project.pipeline();
  const run = project.run();
  const attempt = await train.nextInvocation();
  const files = attempt.env.PTB_FILES!;
  expect(tree(files)).toEqual([
    'data/tiny.txt',
    'lib/a.py',
    'lib/deep/er/b.py',
    'stages/train/held-command.mjs',
    'stages/train/help.sh',
  ]);
  for (const file of tree(files)) expect(statSync(join(files, file)).mode & 0o222).toBe(0);
  expect(attempt.argv[1]).toBe(join(files, 'stages/train/held-command.mjs'));
  project.write({'data/tiny.txt': 'edited while it runs'});
  expect(readFileSync(join(files, 'data/tiny.txt'), 'utf8')).toBe('declared');
  await attempt.exit(0, {'out.txt': 'model'});
  await run.ended;
  expect(startedBy(await project.run('--dry-run').ended)).toEqual([]);
  expect(await project.plan()).toMatchObject([{because: 'changed: files.data/tiny.txt'}]);
});

test('secrets lie in a file of their own until the job reads it, and nowhere else', async () => {
  await using project = await newProject();
  const secret = "s3cr3t 'with' $quotes\nand two lines";
  project.env.API_KEY = secret;
  const train = project.stage('train', {for: ['model'], sandbox: {secrets: ['API_KEY']}});
  project.pipeline({matrix: {model: ['a', 'b']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
  const run = project.run();
  const first = await train.nextInvocation({model: 'a'});

  // `b` is composed and waits for room: its file is still there.
  const waiting = project.attempts('train').find((dir) => dir.includes('/b-'))!;
  expect(statSync(join(waiting, 'secrets')).mode & 0o777).toBe(0o600);

  expect(first.env.API_KEY).toBe(secret);
  expect(project.has(join(first.cwd.slice(project.root.length), '../secrets'))).toBe(false);
  expect(processes().filter(({args}) => args.join(' ').includes('s3cr3t'))).toEqual([]);
  await first.exit(0, {'out.txt': 'a'});
  await (await train.nextInvocation({model: 'b'})).exit(0, {'out.txt': 'b'});
  expect((await run.ended).code).toBe(0);
  const runs = join(project.root, 'runs');
  expect(tree(runs).filter((file) => readFileSync(join(runs, file)).includes('s3cr3t'))).toEqual([]);

  project.env.API_KEY = 'another';
  expect(startedBy(await project.run().ended)).toEqual([]); // a secret never changes an answer
});

test('a gathering step finds each upstream step in a folder of its own', async () => {
  await using project = await newProject();
  project
    .stage('train', {for: ['agent', 'model'], outputs: {model: 'final/model', trace: 'trace.txt'}})
    .answers(({step}) => ({'final/model/weights': step.axes.model!, 'trace.txt': step.axes.agent!}));
  const sum = project.stage('sum', {for: ['agent'], needs: [{stage: 'train', take: ['model']}]});
  project.pipeline({matrix: {agent: ['x', 'y'], model: ['a', 'b']}});
  const run = project.run();
  for (const agent of ['x', 'y']) {
    const attempt = await sum.nextInvocation({agent});
    const inputs = attempt.step.needs.train!;
    expect(inputs.map(({axes}) => axes)).toEqual([
      {agent, model: 'a'},
      {agent, model: 'b'},
    ]);
    for (const {axes, path} of inputs) {
      expect(path!.startsWith(`${attempt.env.PTB_IN_TRAIN!}/${agent}-${axes.model}-`)).toBe(true);
      expect(readdirSync(path!)).toEqual(['model']); // the base name of the path, and no trace: it was not taken
      expect(readFileSync(join(path!, 'model/weights'), 'utf8')).toBe(axes.model);
    }
    await attempt.exit(0, {'out.txt': agent});
  }
  expect((await run.ended).code).toBe(0);
});

test('outputs come from the working directory or from $PTB_OUT; the rest of both is dropped', async () => {
  await using project = await newProject();
  const train = project.stage('train', {outputs: {model: 'task/model', log: 'log.txt', task: 'task'}});
  project.pipeline();
  const run = project.run();
  const attempt = await train.nextInvocation();
  attempt.write({'task/model/weights': 'w', 'task/notes.md': 'n', 'scratch/big': 'x'});
  project.write({[`${attempt.env.PTB_OUT!.slice(project.root.length)}/log.txt`]: 'l'});
  project.write({[`${attempt.env.HOME!.slice(project.root.length)}/.cache/x`]: 'x'});
  await attempt.exit(0);
  expect((await run.ended).code).toBe(0);
  const [{dir, record}] = project.results('train') as readonly [Result];
  expect(tree(join(dir, 'out'))).toEqual(['log.txt', 'model/weights', 'task/notes.md']);
  expect(readdirSync(dir).filter((name) => ['work', 'made', 'home', 'tmp', 'in'].includes(name))).toEqual([]);
  expect(record.outputs['log.txt']).toMatchObject({files: 1, bytes: 1});
});

describe('an output counts when it is what was declared', () => {
  test('not made', async () => {
    await using project = await newProject();
    project.stage('train', {outputs: {model: 'model.bin', log: 'log.txt'}}).answers({'log.txt': 'l'});
    project.pipeline();
    const run = await project.run().ended;
    expect(run.code).toBe(1);
    expect(failuresOf(run, 'train')).toMatchObject([
      {class: 'failed', because: 'output "model" (model.bin) was declared and not made'},
    ]);
    expect(project.has('runs/results/train')).toBe(false);
  });

  test('optional, and not made', async () => {
    await using project = await newProject();
    project
      .stage('train', {outputs: {model: {path: 'model.bin', optional: true}, log: 'log.txt'}})
      .answers({'log.txt': 'l'});
    const judge = project.stage('judge', {needs: [{stage: 'train', take: ['model.bin']}]}).answers({'out.txt': '0'});
    project.pipeline();
    expect((await project.run().ended).code).toBe(0);
    expect(Object.keys(project.results('train')[0]!.record.outputs)).toEqual(['log.txt']);
    expect(judge.last.step.needs.train).toMatchObject([{because: ''}]);
  });

  test.each([
    ['{"accuracy": 0.5}', undefined],
    ['{"accuracy": "high"}', 'does not satisfy metrics.schema.json: /accuracy must be number'],
    ['{"accur', 'is not JSON'],
    ['', 'is not JSON'],
  ])('with a schema: %s', async (text, wrong) => {
    await using project = await newProject();
    const schema = {type: 'object', required: ['accuracy'], properties: {accuracy: {type: 'number'}}};
    project
      .stage('train', {outputs: {metrics: {path: 'metrics.json', schema: 'metrics.schema.json'}}})
      .answers({'metrics.json': text});
    project.write({'stages/train/metrics.schema.json': JSON.stringify(schema)});
    project.pipeline();
    const run = await project.run().ended;
    if (wrong === undefined) expect(run.code).toBe(0);
    else
      expect(failuresOf(run, 'train')).toMatchObject([
        {class: 'failed', because: expect.stringContaining(`output "metrics" (metrics.json) ${wrong}`) as string},
      ]);
  });

  test('a folder where a document is declared', async () => {
    await using project = await newProject();
    project
      .stage('train', {outputs: {metrics: {path: 'metrics.json', schema: 'metrics.schema.json'}}})
      .answers({'metrics.json/x': ''});
    project.write({'stages/train/metrics.schema.json': '{}'});
    project.pipeline();
    expect(failuresOf(await project.run().ended, 'train')).toMatchObject([
      {because: 'output "metrics" (metrics.json) is not a file'},
    ]);
  });
});

describe('links', () => {
  const declared = {outputs: {model: 'task/final_model'}};

  test('an output that is a link to a folder beside it is that folder', async () => {
    await using project = await newProject();
    const train = project.stage('train', declared);
    project.pipeline();
    const run = project.run();
    const attempt = (await train.nextInvocation()).write({'task/checkpoints/9/weights': 'w'});
    symlinkSync('checkpoints/9', join(attempt.cwd, 'task/final_model'));
    await attempt.exit(0);
    expect((await run.ended).code).toBe(0);
    const [{dir}] = project.results('train') as readonly [Result];
    expect(lstatSync(join(dir, 'out/final_model')).isDirectory()).toBe(true);
    expect(readFileSync(join(dir, 'out/final_model/weights'), 'utf8')).toBe('w');
  });

  test.each([
    ['out of the working directory', '../../../../../../../private'],
    ['to the attempt itself', '../../..'],
    ['to nothing', 'nowhere'],
    ['to itself', 'final_model'],
  ])('an output that is a link %s was not made', async (_where, target) => {
    await using project = await newProject();
    const train = project.stage('train', declared);
    project.pipeline();
    const run = project.run();
    const attempt = (await train.nextInvocation()).write({'task/x': ''});
    // Only ever a folder of the test's own: a collector that is broken moves what the link leads to.
    project.write({'private/weights': 'of the host'});
    symlinkSync(target, join(attempt.cwd, 'task/final_model'));
    await attempt.exit(0);
    expect(failuresOf(await run.ended, 'train')).toMatchObject([
      {because: 'output "model" (task/final_model) was declared and not made'},
    ]);
  });

  test('an output below a folder that is a link is found only inside the working directory', async () => {
    await using project = await newProject();
    const train = project.stage('train', declared);
    project.write({'private/final_model/weights': 'of the host'});
    project.pipeline();
    const run = project.run();
    const attempt = await train.nextInvocation();
    symlinkSync(join(project.root, 'private'), join(attempt.cwd, 'task'));
    await attempt.exit(0);
    expect(failuresOf(await run.ended, 'train')).toMatchObject([
      {because: 'output "model" (task/final_model) was declared and not made'},
    ]);
    expect(project.read('private/final_model/weights')).toBe('of the host');
  });

  test('inside an output they are kept as they are and never followed', async () => {
    await using project = await newProject();
    const train = project.stage('train', {outputs: {model: 'model'}});
    project.pipeline();
    const run = project.run();
    const attempt = (await train.nextInvocation()).write({'model/weights': 'w'});
    project.write({'private/weights': 'of the host'});
    symlinkSync(join(project.root, 'private'), join(attempt.cwd, 'model/leaves'));
    symlinkSync('.', join(attempt.cwd, 'model/loop'));
    await attempt.exit(0);
    expect((await run.ended).code).toBe(0);
    const [{dir, record}] = project.results('train') as readonly [Result];
    expect(readlinkSync(join(dir, 'out/model/leaves'))).toBe(join(project.root, 'private'));
    expect(record.outputs.model).toMatchObject({files: 1, bytes: 1});
  });
});

test('sockets, pipes and files of hole in an output are removed and recorded; odd names are kept', async () => {
  await using project = await newProject();
  const train = project.stage('train', {outputs: {task: 'task'}});
  project.pipeline();
  const run = project.run();
  const attempt = (await train.nextInvocation()).write({
    'task/two\nlines': '1',
    'task/ sp"ace\'s \\ and \t$tab': '2',
    'task/ünï 🙂': '3',
    'task/-rf': '4',
  });
  await execa('mkfifo', [join(attempt.cwd, 'task/pipe\nline')]);
  const agent = createServer().listen(join(attempt.cwd, 'task/agent.sock'));
  mkdirSync(join(attempt.cwd, 'task/empty'));
  attempt.write({'task/hole': ''});
  truncateSync(join(attempt.cwd, 'task/hole'), 2 ** 40);
  await attempt.exit(0);
  expect((await run.ended).code).toBe(0);
  agent.close();
  const [{dir, record}] = project.results('train') as readonly [Result];
  expect(record.outputs.task).toMatchObject({files: 4, bytes: 4, removed: ['/agent.sock', '/hole', '/pipe\nline']});
  expect(tree(join(dir, 'out/task'))).toEqual(['two\nlines', ' sp"ace\'s \\ and \t$tab', 'ünï 🙂', '-rf'].sort());
  expect(startedBy(await project.run().ended)).toEqual([]);
});

test('an output that is itself a pipe was not made', async () => {
  await using project = await newProject();
  const train = project.stage('train');
  project.pipeline();
  const run = project.run();
  const attempt = await train.nextInvocation();
  await execa('mkfifo', [join(attempt.cwd, 'out.txt')]);
  await attempt.exit(0);
  expect(failuresOf(await run.ended, 'train')).toMatchObject([
    {because: expect.stringContaining('output "out" (out.txt) was declared and not made') as string},
  ]);
});

test('what a script closed to its own user is digested and cleaned up all the same', async () => {
  await using project = await newProject();
  const train = project.stage('train', {outputs: {task: 'task', log: 'log.txt'}});
  train.answers(({cwd}) => {
    // As the job's own user: the test may be root.
    const close = 'mkdir -p task/a scratch/b/c && touch task/a/x task/y scratch/b/c/x log.txt';
    execFileSync(
      'bash',
      ['-c', `${close} && chmod 000 task/a/x log.txt scratch/b/c && chmod 500 task/a scratch/b task`],
      {
        cwd,
        ...userOf(cwd),
      },
    );
    return {};
  });
  project.pipeline();
  project.dropRights();
  const run = await project.run().ended;
  expect(run).toMatchObject({code: 0, stderr: ''});
  const {record, dir} = project.results('train')[0]!;
  expect(record.outputs.task).toMatchObject({files: 2, bytes: 0});
  expect(readdirSync(dir)).not.toContain('work');
});

test('a name that is no UTF-8 is digested and cleaned up like any other', async () => {
  await using project = await newProject();
  const train = project.stage('train', {outputs: {task: 'task'}});
  train.answers(({cwd}) => {
    const odd = (folder: string): Buffer =>
      Buffer.concat([Buffer.from(`${cwd}/${folder}/`), Buffer.from([0xff, 0x41])]);
    for (const folder of ['task', 'scratch']) {
      mkdirSync(join(cwd, folder));
      writeFileSync(odd(folder), 'x');
    }
    return {};
  });
  project.pipeline();
  expect(await project.run().ended).toMatchObject({code: 0, stderr: ''});
  const {record, dir} = project.results('train')[0]!;
  expect(record.outputs.task).toMatchObject({files: 1, bytes: 1});
  expect(readdirSync(dir)).not.toContain('work');
});

test('a failure.json that is a pipe, a link or no record does not hold up the verdict', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']}).answers(({cwd, step}) => {
    const file = join(cwd, 'failure.json');
    if (step.axes.model === 'pipe') execFileSync('mkfifo', [file]);
    if (step.axes.model === 'link') symlinkSync('/dev/zero', file);
    if (step.axes.model === 'other') writeFileSync(file, '{"class": "lost", "because": 7}');
    return {code: 1};
  });
  project.pipeline({matrix: {model: ['pipe', 'link', 'other']}});
  const run = await project.run().ended;
  for (const model of ['pipe', 'link', 'other'])
    expect(failuresOf(run, `train:model=${model}`)).toMatchObject([{class: 'failed', because: 'exit 1'}]);
  expect(train.invocations).toBe(3);
});

test('the journal of a run is a chain of digests', async () => {
  await using project = await newProject();
  const train = project
    .stage('train', {for: ['model']})
    .answers(({step}) => (step.axes.model === 'a' ? {code: 1} : {'out.txt': 'x'}));
  project.pipeline({matrix: {model: ['a', 'b']}});
  const run = await project.run().ended;
  train.answers({'out.txt': 'y'});
  await project.run().ended;
  const journals = project.journals();
  expect(journals).toHaveLength(2);
  for (const lines of journals) {
    let previous = '0'.repeat(64);
    for (const line of lines) {
      expect((JSON.parse(line) as {previous: string}).previous).toBe(previous);
      previous = sha256(line);
    }
  }
  const kinds = journals[0]!.map((line) => (JSON.parse(line) as {kind: string}).kind);
  expect(kinds).toEqual(run.events.map(({event}) => event));
  const done = journals[0]!.map((line) => JSON.parse(line) as {kind: string}).find(({kind}) => kind === 'done');
  expect(done).toMatchObject({
    step: 'train:model=b',
    outputs: {
      'out.txt': project.results('train').find(({record}) => record.step === 'train:model=b')!.record.outputs[
        'out.txt'
      ]!.digest,
    },
  });
});
