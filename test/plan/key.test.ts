import {expect, test} from 'vitest';
import {canonical, type Digest} from '../../src/base/canonical.js';
import {keyDoc, keyOf, stepKey, type OutputDigests, type StepKey} from '../../src/plan/key.js';
import {changedPaths} from '../../src/plan/reason.js';
import {BASE, type Written} from '../config/project.js';
import {build, stepOf} from '../graph/build.js';

const digest = (text: string): Digest => text as Digest;
const MADE: OutputDigests = {'weights.bin': digest('w'), 'log.txt': digest('l')};

function docOf(files: Written = {}, id = 'train:model=small,hours=1', upstream: OutputDigests | null = MADE) {
  return keyDoc(stepOf(build(files), id), {'stages/train/run.sh': digest('r')}, () => upstream);
}
const key = (files?: Written, id?: string): StepKey => keyOf(docOf(files, id));

const TRAIN = BASE['stages/train/stage.yaml'];
const PIPELINE = BASE['pipeline.yaml'];
const train = (text: string): Written => ({'stages/train/stage.yaml': text});

test('the document, as it is stored', () => {
  expect(docOf()).toEqual({
    schema: 1,
    stage: {
      name: 'train',
      prepare: null,
      run: ['bash', 'run.sh'],
      image: null,
      gpus: 0,
      network: false,
      'done-when': ['exited-0'],
      outputs: {score: {path: 'score.json', optional: false, schema: null}},
    },
    axes: {model: 'small', hours: '1'},
    fields: {},
    files: {'stages/train/run.sh': 'r'},
    needs: {fetch: MADE},
  });
});

test.each<[string, Written]>([
  ['comments and blank lines', train(`# why\n\n${TRAIN}\n# the end\n`)],
  ['block style for flow style', train(TRAIN.replace('[model, hours]', '\n  - model\n  - hours'))],
  ['the order of keys', train(TRAIN.split('\n').reverse().join('\n'))],
  ['a title', train(`${TRAIN}title: trained\n`)],
  ['retries', train(`${TRAIN}retry: {on: [lost], times: 9}\n`)],
  [
    'cores, memory, disk and grace',
    train(TRAIN.replace('{time:', '{cpus: 9, memory: 9GB, disk: 9GB, grace: 9s, time:')),
  ],
  ['the time, where its end is a failure', train(TRAIN.replace('"${{ hours }}h"', '90m'))],
  ['secrets', train(`${TRAIN}sandbox: {secrets: [TOKEN]}\n`)],
  ['a bill and what it uses', train(`${TRAIN}bill: {path: usage.json, usd-per-hour: 3}\nuses: [api]\n`)],
  [
    'prices, limits and what the catalog says of them',
    {
      'pipeline.yaml': `${PIPELINE.replace('{base: org/small}', '{base: org/small, uses: api, usd-per-hour: 2}')}prices: {gpu-hour: 3}\nlimits: {api: 0}\n`,
    },
  ],
  ['executor and sandbox', {'pipeline.yaml': `${PIPELINE}executor: {use: local, cpus: 3}\nsandbox: {use: none}\n`}],
  ['a setting that nobody looks up', {'pipeline.yaml': `${PIPELINE}settings: {colour: red}\n`}],
  ['a field that is handed over but not keyed', train(`${TRAIN}fields: [{field: model.base, keyed: false}]\n`)],
  ['a file that is handed over but not keyed', train(`${TRAIN}reads: [{path: pipeline.yaml, keyed: false}]\n`)],
  ['a field that the stage does not look up', {'pipeline.yaml': PIPELINE.replace('org/small', 'org/other')}],
  ['more values of an axis', {'pipeline.yaml': PIPELINE.replace('[1, 2]', '[0.5, 1, 2]')}],
  ['an axis that the stage is not for', {'pipeline.yaml': PIPELINE.replace('[1, 2]', '[1, 2]\n  seed: [1, 2]')}],
])('%s: the same key', (_, files) => {
  expect(changedPaths(docOf(), docOf(files))).toEqual([]);
  expect(key(files)).toBe(key());
});

test.each<[string, Written, string[]]>([
  ['the command', train(TRAIN.replace('run.sh]', 'run.sh, -x]')), ['stage.run']],
  ['the preparation', train(`${TRAIN}prepare: [bash, run.sh]\n`), ['stage.prepare']],
  [
    'the image',
    {
      'pipeline.yaml': `${PIPELINE}sandbox: {use: apptainer}\n`,
      ...train(`${TRAIN}sandbox: {image: docker://a@sha256:${'0'.repeat(64)}}\n`),
    },
    ['stage.image'],
  ],
  ['the network', train(`${TRAIN}sandbox: {network: true}\n`), ['stage.network']],
  ['the count of GPUs', train(TRAIN.replace('{time:', '{gpus: 1, time:')), ['stage.gpus']],
  [
    'the time, where its end is an end',
    train(`${TRAIN}done-when: [exited-0, timed-out]\n`),
    ['stage.done-when', 'stage.seconds'],
  ],
  ['a field', train(`${TRAIN}fields: [model.base]\n`), ['fields.model.base']],
  ['a field by its long name', train(`${TRAIN}fields: [{field: model.base}]\n`), ['fields.model.base']],
  ['an output', train(TRAIN.replace('score.json', 'points.json')), ['stage.outputs.score.path']],
  [
    'an output that may lack',
    train(TRAIN.replace('score.json', '{path: score.json, optional: true}')),
    ['stage.outputs.score.optional'],
  ],
  ['what it takes', train(TRAIN.replace('[fetch]', '[{stage: fetch, take: [weights.bin]}]')), ['needs.fetch.log.txt']],
  ['no need', train(TRAIN.replace('needs: [fetch]\n', '')), ['needs.fetch']],
])('%s: another key', (_, files, paths) => {
  expect(changedPaths(docOf(), docOf(files))).toEqual(paths);
  expect(key(files)).not.toBe(key());
});

test('the time counts where its end is an end', () => {
  const timed = (time: string) => train(`${TRAIN.replace('"${{ hours }}h"', time)}done-when: [exited-0, timed-out]\n`);
  expect(changedPaths(docOf(timed('1h')), docOf(timed('90m')))).toEqual(['stage.seconds']);
  expect(key(timed('1h'))).toBe(key(timed('60m')));
});

test('done-when is a set', () => {
  const done = (list: string) => train(`${TRAIN}done-when: [${list}]\n`);
  expect(key(done('exited-0, exited-nonzero'))).toBe(key(done('exited-nonzero, exited-0')));
});

test.each<[string, OutputDigests | null, string[]]>([
  ['the same content', {'log.txt': digest('l'), 'weights.bin': digest('w')}, []],
  ['other content', {...MADE, 'weights.bin': digest('w2')}, ['needs.fetch.weights.bin']],
  ['one more output', {...MADE, 'x.txt': digest('x')}, ['needs.fetch.x.txt']],
  ['an optional one that failed', null, ['needs.fetch']],
])('upstream by content: %s', (_, outputs, paths) => {
  expect(changedPaths(docOf(), docOf({}, undefined, outputs))).toEqual(paths);
});

test('cells have keys of their own', () => {
  const ids = ['train:model=small,hours=1', 'train:model=small,hours=2', 'train:model=large,hours=1'];
  expect(new Set(ids.map((id) => key({}, id))).size).toBe(3);
});

test('a gathering step tells its upstream steps apart', () => {
  const table = 'for: []\nneeds: [train]\nrun: [bash, -c, "true"]\noutputs: {t: t.csv}\n';
  const step = stepOf(build({'stages/table/stage.yaml': table}), 'table');
  const doc = keyDoc(step, {}, (id) => (id.includes('large') ? null : {'score.json': digest(id)}));
  expect(doc.needs).toEqual({
    train: {
      'train:hours=1,model=small': {'score.json': 'train:model=small,hours=1'},
      'train:hours=2,model=small': {'score.json': 'train:model=small,hours=2'},
      'train:hours=1,model=large': null,
      'train:hours=2,model=large': null,
    },
  });
});

test('canonical JSON orders keys by code unit, at every depth', () => {
  expect(canonical({b: [{z: 1, ä: 2, Z: 3}], a: null, 10: 1, 9: 1})).toBe(
    '{"10":1,"9":1,"a":null,"b":[{"Z":3,"z":1,"ä":2}]}',
  );
  expect(canonical(Object.fromEntries([['__proto__', {x: 1}]]))).toBe('{"__proto__":{"x":1}}');
});

test.each(['prices.gpu-hour', 'limits.api'])('a stage cannot look up %s, so that it cannot enter a key', (field) => {
  const pipeline = `${PIPELINE}prices: {gpu-hour: 3}\nlimits: {api: 1}\n`;
  const name = field.split('.')[0]!;
  expect(() => docOf({...train(`${TRAIN}fields: [${field}]\n`), 'pipeline.yaml': pipeline})).toThrow(
    `there is no axis or setting "${name}"`,
  );
});

test.each([
  ['as it is', {}],
  ['that looks up', train(`${TRAIN}fields: [model.base]\n`)],
])('the key of a step is that of its document: %s', (_what, files: Written) => {
  for (const step of build(files).steps.values()) {
    for (const upstream of [MADE, {'a"b\\\n\0': digest('c')}, null]) {
      for (const read of [{}, {'a b': digest('r')}]) {
        expect(stepKey(step, read, () => upstream)).toBe(keyOf(keyDoc(step, read, () => upstream)));
      }
    }
  }
});
