import {readdirSync, rmSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Ended} from '../rig/ptb.js';
import {newProject} from '../rig/project.js';

const counts = ({events}: Ended): unknown => events.at(-1)?.counts;
const began = ({events}: Ended): unknown[] => events.filter(({event}) => event === 'submitted').map(({step}) => step);
const because = ({events}: Ended, step: string): unknown =>
  events.find((one) => one.event === 'submitted' && one.step === step)?.because;

const none = {cached: 0, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};

test('a second run starts nothing and writes nothing', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
  const train = project.stage('train', {for: ['model', 'hours'], needs: ['fetch']}).answers({'out.txt': 'better'});
  project.pipeline({matrix: {model: ['a', 'b'], hours: [1, 2]}});

  const first = await project.run().ended;
  expect(first).toMatchObject({code: 0, stderr: ''});
  expect(counts(first)).toEqual({...none, done: 6});
  expect([fetch.invocations, train.invocations]).toEqual([2, 4]);

  const second = await project.run().ended;
  expect(second).toMatchObject({code: 0, stderr: ''});
  expect(counts(second)).toEqual({...none, cached: 6});
  expect(began(second)).toEqual([]);
  expect([fetch.invocations, train.invocations]).toEqual([2, 4]);
  expect(project.journals()).toHaveLength(1);
});

test('an edit of one axis runs the new cells only', async () => {
  await using project = await newProject();
  const train = project
    .stage('train', {for: ['agent', 'hours', 'replicate'], resources: {time: '${{ hours }}h'}})
    .answers({'out.txt': 'model'});
  const matrix = {agent: ['one'], hours: [1], replicate: [1]};
  const edit = async (change: object): Promise<unknown[]> => {
    project.pipeline({matrix: Object.assign(matrix, change)});
    return began(await project.run().ended);
  };

  expect(await edit({})).toEqual(['train:agent=one,hours=1,replicate=1']);
  expect(await edit({hours: [2, 1]})).toEqual(['train:agent=one,hours=2,replicate=1']);
  expect((await edit({agent: ['new', 'one']})).sort()).toEqual([
    'train:agent=new,hours=1,replicate=1',
    'train:agent=new,hours=2,replicate=1',
  ]);
  expect(await edit({replicate: [1, 2], agent: ['one'], hours: [1]})).toEqual(['train:agent=one,hours=1,replicate=2']);
  expect(await edit({replicate: [1], agent: ['one', 'new'], hours: [1, 2]})).toEqual([]); // nothing was forgotten
  expect(train.invocations).toBe(5);
});

test('comments, blank lines, key order and prose run nothing', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
  project.pipeline();
  await project.run().ended;

  const stage = project.read('stages/train/stage.yaml');
  const [first, ...rest] = stage.split(/^(?=\S)/m);
  project.write({
    'pipeline.yaml': `# why\n\n${project.read('pipeline.yaml')}\n# end\n`,
    'stages/train/stage.yaml': `# what it is for\n${rest.join('\n')}\n${first}`,
    'stages/train/README.md': 'prose',
    'stages/train/tests/a.sh': 'exit 1',
  });
  expect(counts(await project.run().ended)).toEqual({...none, cached: 1});
  expect(train.invocations).toBe(1);
});

test('an upstream step that comes to the same files keeps what stands behind it', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {reads: ['list.txt']}).answers({'out.txt': 'weights'});
  const train = project.stage('train', {for: ['model'], needs: ['fetch']}).answers({'out.txt': 'better'});
  project.write({'list.txt': 'one'});
  project.pipeline();
  await project.run().ended;

  project.write({'list.txt': 'one, with a remark'});
  expect((await project.plan()).map(({verdict, because}) => [verdict, because])).toEqual([
    ['run', 'changed: files.list.txt'],
    ['after', 'after fetch'],
  ]);
  const same = await project.run().ended;
  expect(began(same)).toEqual(['fetch']);
  expect(because(same, 'fetch')).toEqual({kind: 'changed', paths: ['files.list.txt']});
  expect(counts(same)).toEqual({...none, done: 1, cached: 1});

  project.write({'list.txt': 'two'});
  fetch.answers({'out.txt': 'other weights'});
  const different = await project.run().ended;
  expect(began(different)).toEqual(['fetch', 'train:model=tiny']);
  expect(because(different, 'train:model=tiny')).toEqual({kind: 'changed', paths: ['needs.fetch.out.txt']});

  project.write({'list.txt': 'one'});
  expect(counts(await project.run().ended)).toEqual({...none, cached: 2}); // both pasts are still there
  expect([fetch.invocations, train.invocations]).toEqual([3, 2]);
});

test('a step takes what it says it takes: another output of its upstream changes nothing', async () => {
  await using project = await newProject();
  const train = project
    .stage('train', {outputs: {model: 'model.bin', trace: 'trace.txt'}, reads: ['prompt.txt']})
    .answers({'model.bin': 'same', 'trace.txt': 'one way'});
  const judge = project.stage('judge', {needs: [{stage: 'train', take: ['model.bin']}]}).answers({'out.txt': '1'});
  project.write({'prompt.txt': 'please'});
  project.pipeline();
  await project.run().ended;

  train.answers({'model.bin': 'same', 'trace.txt': 'another way'});
  project.write({'prompt.txt': 'now'});
  expect(counts(await project.run().ended)).toEqual({...none, done: 1, cached: 1});
  expect([train.invocations, judge.invocations]).toEqual([2, 1]);
});

test('cells share the steps that they agree on', async () => {
  await using project = await newProject();
  const baseline = project.stage('baseline', {for: ['model']}).answers({'out.txt': 'base'});
  const train = project.stage('train', {for: ['agent', 'model'], needs: ['baseline']}).answers({'out.txt': 'model'});
  project.pipeline({matrix: {agent: ['one', 'two', 'three'], model: ['m']}});
  expect((await project.run().ended).code).toBe(0);
  expect(baseline.started).toEqual(['baseline:model=m']);
  expect(train.invocations).toBe(3);
});

test('--only and --until leave the rest alone', async () => {
  await using project = await newProject();
  project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
  project.stage('train', {for: ['model', 'hours'], needs: ['fetch']}).answers({'out.txt': 'better'});
  project.stage('judge', {for: ['model', 'hours'], needs: ['train']}).answers({'out.txt': '1'});
  project.pipeline({matrix: {model: ['a', 'b'], hours: [1, 2]}});

  expect(began(await project.run('--until', 'fetch', '--only', 'model=b').ended)).toEqual(['fetch:model=b']);
  expect(began(await project.run('--until', 'train', '--only', 'model=b', '--only', 'hours=2').ended)).toEqual([
    'train:model=b,hours=2',
  ]);
  expect(counts(await project.run().ended)).toEqual({...none, cached: 2, done: 8});
});

test('--rerun runs the named step again and keeps the evidence of the first time', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'first'});
  const judge = project.stage('judge', {for: ['model'], needs: ['train']}).answers({'out.txt': '1'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  await project.run().ended;

  train.answers({'out.txt': 'second'});
  const again = await project.run('--rerun', 'train:model=b').ended;
  expect(began(again)).toEqual(['train:model=b', 'judge:model=b']);
  expect(because(again, 'train:model=b')).toEqual({kind: 'asked-for'});
  expect([train.invocations, judge.invocations]).toEqual([3, 3]);

  const rerun = project.results('train').find(({record}) => record.step === 'train:model=b')!;
  expect(rerun.record.attempt).toBe(2);
  const earlier = project.attempts('train');
  expect(earlier).toHaveLength(1);
  expect(project.read(join(earlier[0]!.slice(project.root.length), 'out/out.txt'))).toBe('first');
  expect(began(await project.run().ended)).toEqual([]);
});

test.each([
  ['deleted', undefined],
  ['empty', ''],
  ['cut off', '{"version":1,"stages":{"fetch":{"mtimeNs":"1","resul'],
  ['another version', '{"version":2,"stages":{}}'],
  ['not an object', '[]'],
  ['null', 'null'],
  ['without stages', '{"version":1}'],
  ['with a stage that is null', '{"version":1,"stages":{"fetch":null}}'],
  ['binary', '\0\x01\x02'],
])('results survive a ledger that is %s', async (_how, text) => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
  project.pipeline();
  await project.run().ended;
  const whole = project.read('runs/ledger.json');

  if (text === undefined) rmSync(join(project.root, 'runs/ledger.json'));
  else project.write({'runs/ledger.json': text});
  const again = await project.run().ended;
  expect(again).toMatchObject({code: 0, stderr: ''});
  expect(counts(again)).toEqual({...none, cached: 1});
  expect(project.read('runs/ledger.json')).toBe(whole);
  expect(fetch.invocations).toBe(1);
});

test('a ledger whose entries lost their shape is rebuilt', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch').answers({'out.txt': 'weights'});
  project.pipeline();
  await project.run().ended;

  const whole = project.read('runs/ledger.json');
  const ledger = JSON.parse(whole) as {stages: {fetch: {results: unknown}}};
  ledger.stages.fetch.results = null;
  project.write({'runs/ledger.json': JSON.stringify(ledger)});
  const again = await project.run().ended;
  expect(again).toMatchObject({code: 0, stderr: ''});
  expect(fetch.invocations).toBe(1);
  expect(project.read('runs/ledger.json')).toBe(whole);
});

test.each<[string, (line: string, next: string) => string[]]>([
  ['is not there', () => []],
  ['is of another layout', (line, next) => [line.replace('":{', '": {'), next]],
  ['is a block of zeros that the disk left', (line, next) => [`${line.slice(0, 9)}${'\0'.repeat(99)}${next.slice(9)}`]],
  ['is no JSON', (line, next) => [line.replace('"outputs"', 'outputs'), next]],
  ['has no outputs', (line, next) => [line.replace('"outputs"', '"puts"'), next]],
])('a ledger of which a line %s is read from the results again', async (_how, damage) => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  await project.run().ended;
  // Of a folder that has not changed for long the ledger is believed.
  utimesSync(join(project.root, 'runs/results/fetch'), 1e9, 1e9);
  await project.run().ended;
  const [head, stage, first, second, ...rest] = project.read('runs/ledger.json').split('\n');
  expect(stage).toContain('"1000000000000000000"');
  project.write({'runs/ledger.json': [head, stage, ...damage(first!, second!), ...rest].join('\n')});
  const again = await project.run().ended;
  expect(counts(again)).toEqual({...none, cached: 2});
  expect(fetch.invocations).toBe(2);
});

test('a result that was removed by hand runs again, alone', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  await project.run().ended;

  rmSync(project.results('train').find(({record}) => record.step === 'train:model=a')!.dir, {recursive: true});
  expect(began(await project.run().ended)).toEqual(['train:model=a']);
  expect(train.invocations).toBe(3);
});

test('what is read but not keyed is handed over, and an edit to it runs nothing', async () => {
  await using project = await newProject();
  const train = project.stage('train', {
    for: ['model'],
    fields: [{field: 'settings.colour', keyed: false}],
    reads: ['lib/keyed.py', {path: 'lib/*.py', keyed: false}],
  });
  const run = async (colour: string, files: Record<string, string>): Promise<string | undefined> => {
    project.pipeline({settings: {colour}});
    project.write(files);
    const running = project.run();
    const seen = await Promise.race([
      train.nextInvocation().then(async (held) => {
        const lib = readdirSync(join(held.env.PTB_FILES!, 'lib')).sort();
        await held.exit(0, {'out.txt': 'model'});
        return `${held.env.PTB_SETTINGS_COLOUR} ${lib.join(' ')}`;
      }),
      running.ended.then(() => undefined),
    ]);
    expect((await running.ended).code).toBe(0);
    return seen;
  };
  expect(await run('red', {'lib/keyed.py': '1', 'lib/describes.py': '1'})).toBe('red describes.py keyed.py');
  expect(await run('blue', {'lib/describes.py': '2', 'lib/more.py': '1'})).toBeUndefined();
});

test('a file that is named both ways is keyed', async () => {
  await using project = await newProject();
  const train = project
    .stage('train', {reads: ['lib/keyed.py', {path: 'lib/*.py', keyed: false}]})
    .answers({'out.txt': 'model'});
  project.pipeline();
  for (const [content, invocations] of [
    ['1', 1],
    ['2', 2],
  ] as const) {
    project.write({'lib/keyed.py': content});
    await project.run().ended;
    expect(train.invocations).toBe(invocations);
  }
});
