import {join} from 'node:path';
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Bill} from '../../src/plan/bill.js';
import {standInGpus} from '../cli/gpus.js';
import {counts, countsOf, eventsOf, startedBy} from '../rig/look.js';
import {newProject, type Project} from '../rig/project.js';

/** 3.60 an hour: a second of one GPU is a tenth of a cent. */
const PRICES = {'gpu-hour': 3.6};
const usage = (cost: number | null): Readonly<Record<string, string>> => ({
  'usage.json': JSON.stringify({cost_usd: cost, input_tokens: 1000, cached_tokens: 10, output_tokens: 100}),
});

const billOf = (dir: string, file: string): Bill =>
  (JSON.parse(readFileSync(join(dir, file), 'utf8')) as {bill: Bill}).bill;
const json = async (project: Project, ...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await project.ptb(...args).ended).stdout) as Record<string, unknown>;

/** train on a GPU for an hour at most, for each model; its API calls are estimated at 1.00 an hour. */
async function priced(models = ['a', 'b', 'c']) {
  const project = await newProject();
  standInGpus(project, 2);
  const train = project.stage('train', {
    for: ['model'],
    resources: {gpus: 1, time: '1h'},
    bill: {path: 'usage.json', 'usd-per-hour': 1},
    retry: {on: ['failed'], times: 1},
  });
  project.pipeline({matrix: {model: models}, prices: PRICES});
  return {project, train};
}

test('every attempt keeps its bill, and the sums count each once: failed, retried, killed over, adopted', async () => {
  const {project, train} = await priced(['a']);
  await using _ = project;
  const first = project.run();
  await (await train.nextInvocation()).exit(1, usage(2));
  const second = await train.nextInvocation();
  await first.event('submitted', 'train'); // the retry is under way
  first.kill('SIGKILL');
  await first.ended;

  const resumed = project.run();
  await resumed.event('adopted', 'train');
  await second.exit(0, {'out.txt': 'model', ...usage(0.5)});
  const end = await resumed.ended;
  expect(countsOf(end)).toEqual(counts({done: 1}));

  const failed = billOf(project.attempts('train')[0]!, 'failed.json');
  const done = project.results('train')[0]!.record.bill!;
  expect(failed).toMatchObject({gpus: 1, limit: 3600, usd: {api: 2}, tokens: {input: 1000, cached: 10, output: 100}});
  expect(done).toMatchObject({usd: {api: 0.5}});
  for (const {gpuHours, usd} of [failed, done]) {
    expect(gpuHours.active).toBeGreaterThan(0);
    expect(gpuHours.held).toBeGreaterThanOrEqual(gpuHours.active);
    expect(usd.gpus).toBeCloseTo(gpuHours.held * 3.6, 9);
  }
  expect(eventsOf(end, 'done')[0]!.bill).toEqual(done);
  expect(end.events.at(-1)).toMatchObject({event: 'end', bill: {attempts: 1, api_usd: 0.5, usd_is_whole: true}});

  const {bill} = await json(project, 'pipeline', 'status', '--json');
  expect(bill).toMatchObject({attempts: 2, api_usd: 2.5, tokens: {input: 2000, cached: 20, output: 200}});
  const shown = await json(project, 'step', 'show', 'train:model=a', '--json');
  expect(shown).toMatchObject({bill, result: {bill: done}, attempts: [{bill: failed}]});
  expect((await project.ptb('step', 'show', 'train:model=a').ended).stdout).toMatch(/bill: .* \$2\.00 for API calls/);
  // Nothing is left to run, so nothing is added.
  await project.run().ended;
  expect((await json(project, 'pipeline', 'status', '--json')).bill).toEqual(bill);
});

test('what a job does not say is unknown, never 0; a GPU without a price too', async () => {
  const {project, train} = await priced(['a', 'b']);
  await using _ = project;
  project.pipeline({matrix: {model: ['a', 'b']}});
  train.answers(({step}) => ({
    'out.txt': 'model',
    ...(step.axes.model === 'a' ? usage(null) : {'usage.json': 'no JSON'}),
  }));
  const end = await project.run().ended;
  expect(end.events.at(-1)).toMatchObject({bill: {usd: null, usd_is_whole: false, unknown: {gpus: 2, api: 2}}});
  const {stdout} = await project.ptb('pipeline', 'status').ended;
  expect(stdout).toMatch(/bill: .* money unknown \(GPUs without a price, API calls of 2 attempts unknown\)/);
});

test('a link that a job leaves as its record is not followed out of its folder', async () => {
  await using project = await newProject();
  project.write({'rich.json': JSON.stringify({cost_usd: 999})});
  project.stage('train', {
    bill: 'usage.json',
    run: ['bash', '-c', `ln -s ${project.root}/rich.json usage.json; echo > out.txt`],
  });
  project.pipeline();
  expect((await project.run().ended).code).toBe(0);
  expect(project.results('train')[0]!.record.bill!.usd.api).toBe(null);
});

test('--max-usd: no step starts that could pass it, side by side neither; the end says how much more is needed', async () => {
  const {project, train} = await priced();
  await using _ = project;
  // Each may take 3.60 and 1.00: two side by side would be 9.20.
  const run = project.run('--max-usd', '9');
  const one = await train.nextInvocation();
  await one.exit(0, {'out.txt': 'model', ...usage(4)});
  const two = await train.nextInvocation();
  expect(train.invocations).toBe(2);
  await two.exit(0, {'out.txt': 'model', ...usage(0.9)});
  const end = await run.ended;
  // 4.90 and a little are spent: 4.60 more would pass.
  expect(startedBy(end)).toHaveLength(2);
  expect(end).toMatchObject({code: 1});
  expect(end.events.at(-1)).toMatchObject({
    exit: 1,
    counts: counts({done: 2, waiting: 1}),
    capped: {caps: {gpuHours: null, usd: 9}, waits: {gpuHours: 1}},
  });
  const {stderr} = await project.ptb('pipeline', 'run', '--max-usd', '1').ended;
  // c is the first of its kind: what a and b cost says nothing of it.
  expect(stderr).toMatch(
    /capped: \$0\.00 of \$1\.00 spent; what waits may take \$4\.60, \$3\.60 more than is left; .*--max-usd 4\.6\n/,
  );
  train.answers({'out.txt': 'model', ...usage(0)});
  expect((await project.run('--max-usd', '4.6').ended).code).toBe(0);
});

test('--max-gpu-hours: what a step did not take is free again when it has ended', async () => {
  const {project, train} = await priced();
  await using _ = project;
  const run = project.run('--max-gpu-hours', '1.5');
  for (let n = 0; n < 3; n++) {
    const one = await train.nextInvocation();
    expect(train.invocations).toBe(n + 1);
    await one.exit(0, {'out.txt': 'model', ...usage(0)});
  }
  expect((await run.ended).code).toBe(0);
  const {stderr} = await project.ptb('pipeline', 'run', '--rerun', 'train', '--max-gpu-hours', '0.5').ended;
  expect(stderr).toContain('0.00 GPU-hours of 0.50 GPU-hours spent; what waits may take 3.00 GPU-hours, 2.50');
});

test('money that nobody knows stops a run with a cap on it before it begins, with the way out', async () => {
  const {project, train} = await priced(['a', 'b']);
  await using _ = project;
  project.stage('train', {for: ['model'], resources: {gpus: 1, time: '1h'}, bill: 'usage.json'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  const {code, stdout, stderr} = await project.ptb('pipeline', 'run', '--max-usd', '50').ended;
  expect({code, stdout}).toEqual({code: 2, stdout: ''});
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    --max-usd needs to know what each step may cost, and it does not:
      GPU-hours have no price
        remedy: set prices: {gpu-hour: 3.0} in the pipeline
      the API calls of model a in stage "train" have no estimate
        remedy: set usd-per-hour in catalog.model."a"; 0 if it calls none
      the API calls of model b in stage "train" have no estimate
        remedy: set usd-per-hour in catalog.model."b"; 0 if it calls none
    nothing was started
    "
  `);
  expect(train.invocations).toBe(0);
  expect(project.has('runs/attempts')).toBe(false);
});

test('plan: the budget without a past; with one, its median and p90 for the same first axis value and budget', async () => {
  const {project, train} = await priced(['a', 'b']);
  await using _ = project;
  const costNow = async (...flags: string[]) => (await json(project, 'pipeline', 'plan', '--json', ...flags)).cost;
  expect(await costNow()).toMatchObject({
    gpu_hours: 2,
    usd: 9.2,
    gpu_usd: 7.2,
    api_usd: 2,
    from: {steps: 2, with_past: 0},
  });
  expect(await costNow('--set', 'prices=null')).toMatchObject({gpu_hours: 2, usd: null, gpu_usd: null, api_usd: 2});

  project.pipeline({matrix: {model: ['a'], seed: [1, 2, 3, 4]}, prices: PRICES});
  const seeded = (models: string[], seeds: number[]): void => {
    project.stage('train', {
      for: ['model', 'seed'],
      resources: {gpus: 1, time: '1h'},
      bill: {path: 'usage.json', 'usd-per-hour': 1},
    });
    project.pipeline({matrix: {model: models, seed: seeds}, prices: PRICES});
  };
  seeded(['a'], [1, 2, 3, 4]);
  train.answers(({step}) => ({'out.txt': 'model', ...usage(Number(step.axes.seed))}));
  expect((await project.run().ended).code).toBe(0);
  seeded(['a', 'b'], [1, 2, 3, 4, 5]);
  // Of a one more: 2.50 and 4.00 by its past; of b five at 1.00.
  const cost = (await costNow()) as {api_usd: number; median: {gpu_hours: number}; stages: {stage: string}[]};
  expect(cost).toMatchObject({gpu_hours: 6, api_usd: 9, from: {steps: 6, with_past: 1}});
  expect(cost.median.gpu_hours).toBeGreaterThan(5);
  expect(cost.median.gpu_hours).toBeLessThan(5.1);
  expect(cost.stages).toMatchObject([{stage: 'train', api_usd: 9, from: {with_past: 1}}]);
  const {stdout} = await project.ptb('pipeline', 'plan').ended;
  expect(stdout).toContain('cost at most: 6.0 GPU-hours (train 6.0), money $30.60\n');
  expect(stdout).toMatch(
    /by past results, of 1 of 6 steps: median 5\.0 GPU-hours, money \$25\.\d\d; p90 5\.0 GPU-hours/,
  );
});
