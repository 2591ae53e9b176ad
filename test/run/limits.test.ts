import {chmodSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Step} from '../../src/graph/step.js';
import {keptBy, pauseAfter, tokensOf, type Pause} from '../../src/run/schedule.js';
import {counts, countsOf, eventsOf, startedBy} from '../rig/look.js';
import {newProject} from '../rig/project.js';

const uses = (...limits: string[]): Step => ({spec: {uses: limits.map((limit) => ({limit}))}}) as unknown as Step;
const MINUTE = 60_000;

test('a pause is as long as was asked, else it doubles from a minute to an hour', () => {
  let pause: Pause | undefined;
  const minutes = Array.from({length: 8}, () => {
    const now = pause?.until ?? 0;
    pause = pauseAfter(pause, '429', undefined, now);
    return (pause.until - now) / MINUTE;
  });
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(pauseAfter(undefined, '429', 120, 1000)).toEqual({until: 121_000, because: '429', times: 1});
  expect(pauseAfter(undefined, 'never', 1e9, 0).until).toBe(24 * 60 * MINUTE);
});

test('jobs that were under way when a pause began do not make it longer, unless they were told more', () => {
  const first = pauseAfter(undefined, 'one', undefined, 0);
  expect(pauseAfter(first, 'two', undefined, 10)).toBe(first);
  expect(pauseAfter(first, 'two', 30, 10)).toBe(first);
  expect(pauseAfter(first, 'two', 90, 10)).toEqual({until: 90_010, because: 'two', times: 1});
});

test.each<[string, Step, string | undefined]>([
  ['uses nothing', uses(), undefined],
  ['uses what has a token left', uses('hf'), undefined],
  ['uses what has none left', uses('api'), 'api'],
  ['uses what is paused', uses('hf', 'gpt'), 'gpt'],
  ['uses what was paused', uses('was'), undefined],
  ['uses what nobody limits', uses('any'), undefined],
])('a step that %s', (_, step, kept) => {
  const taken = tokensOf([{uses: ['api', 'hf']}, {uses: ['api', 'any']}, {}]);
  const limits = new Map([
    ['api', 2],
    ['hf', 2],
    ['was', 1],
  ]);
  const pauses = new Map([
    ['gpt', {until: 11, because: '', times: 1}],
    ['was', {until: 10, because: '', times: 1}],
  ]);
  expect(keptBy(step, taken, limits, pauses, 10)).toBe(kept);
});

test('jobs hold a token each over all cells, an adopted one too', async () => {
  await using project = await newProject();
  project.write({
    'agents/one/agent.yaml': 'title: one\nuses: api\n',
    'agents/two/agent.yaml': 'title: two\nuses: [api]\n',
  });
  const train = project.stage('train', {for: ['agent', 'n'], uses: ['${{ agent.uses? }}']});
  const matrix = {agent: ['one', 'two'], n: [1, 2]};
  project.pipeline({matrix, catalog: {agent: {from: 'agents'}}, limits: {api: 2}});
  const first = project.run();
  const held = [await train.nextInvocation(), await train.nextInvocation()];
  first.kill('SIGKILL');
  await first.ended;

  const second = project.run();
  await second.event('adopted', 'train');
  await held[0]!.exit(0, {'out.txt': 'x'});
  const third = await train.nextInvocation();
  await second.event('done');
  // There are four CPUs, but an adopted job and a new one hold both tokens.
  expect(train.invocations).toBe(3);
  await held[1]!.exit(0, {'out.txt': 'x'});
  const fourth = await train.nextInvocation();
  await Promise.all([third, fourth].map((one) => one.exit(0, {'out.txt': 'x'})));
  expect(await second.ended).toMatchObject({code: 0});
});

test('a limit of 0 starts nothing that uses it, with the reason; the rest goes on, and so does all when it is raised', async () => {
  await using project = await newProject();
  project.stage('fetch', {uses: 'hf'}).answers({'out.txt': 'f'});
  project.stage('other').answers({'out.txt': 'o'});
  project.pipeline({limits: {hf: 0}});
  const run = await project.run().ended;
  expect(run.code).toBe(1);
  expect(countsOf(run)).toEqual(counts({done: 1, blocked: 1}));
  expect(eventsOf(run, 'held')).toMatchObject([{step: 'fetch', because: 'it uses "hf", and limits.hf is 0'}]);
  expect((await project.ptb('pipeline', 'status').ended).stdout).toContain('hf paused: limits.hf is 0\n');
  expect(startedBy(await project.run('--set', 'limits.hf=1').ended)).toEqual(['fetch']);
});

test('a job that was turned away pauses what it uses; others go on; status says until when and why', async () => {
  await using project = await newProject();
  const call = project.stage('call', {for: ['model'], uses: 'api', retry: {on: ['temporary'], times: 1}});
  const plain = project.stage('plain', {for: ['model']});
  project.pipeline({matrix: {model: ['a', 'b']}, limits: {api: 1}});
  const run = project.run();
  const first = await call.nextInvocation();
  const claim = {class: 'temporary', limit: 'api', 'retry-after': 4, because: '429 too many'};
  await first.exit(75, {'failure.json': JSON.stringify(claim)});
  const paused = await run.event('paused');
  expect(paused).toMatchObject({limit: 'api', because: '429 too many'});
  const until = Date.parse(paused.until as string);
  // What does not use it goes on meanwhile.
  for (let n = 0; n < 2; n++) await (await plain.nextInvocation()).exit(0, {'out.txt': 'p'});
  if (Date.now() < until - 1000) {
    const {stdout} = await project.ptb('pipeline', 'status').ended;
    if (Date.now() < until) expect(stdout).toMatch(/^api paused until (?:\S+ )?\d\d:\d\d: 429 too many$/m);
  }
  const again = await call.nextInvocation();
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  call.answers({'out.txt': 'c'});
  await again.exit(0, {'out.txt': 'c'});
  expect(await run.ended).toMatchObject({code: 0});
  expect(JSON.parse(project.read('runs/pauses.json'))).toEqual({version: 1, limits: {}});
});

test('a pause outlives its controller', async () => {
  await using project = await newProject();
  const call = project.stage('call', {uses: 'api'});
  project.stage('plain').answers({'out.txt': 'p'});
  project.pipeline();
  const until = Date.now() + 3_600_000;
  project.write({'runs/pauses.json': JSON.stringify({version: 1, limits: {api: {until, because: '429', times: 2}}})});
  const run = project.run();
  expect(await run.event('paused')).toMatchObject({limit: 'api', because: '429', until: new Date(until).toISOString()});
  await run.event('done', 'plain');
  run.kill('SIGTERM');
  await run.ended;
  expect(call.invocations).toBe(0);
});

test('a limit that is nearly named is likely meant: a warning with its place, and no more', async () => {
  await using project = await newProject();
  project.write({
    'stages/call/stage.yaml': 'for: []\nuses: [antropic, other]\nrun: [bash, run.sh]\noutputs: {out: out.txt}\n',
    'stages/call/run.sh': 'true\n',
  });
  chmodSync(join(project.root, 'stages/call/run.sh'), 0o755);
  project.pipeline({limits: {anthropic: 1}});
  const {code, stderr} = await project.ptb('pipeline', 'validate').ended;
  expect(code).toBe(0);
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    stages/call/stage.yaml:2:8: warning: stage "call" uses "antropic", which "limits" does not name: it is unlimited
         2 | uses: [antropic, other]
           |        ^
      hint: did you mean "anthropic"?
    "
  `);
});
