import {readdirSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {BASE, matrixWith, mistakes, pipelineWith, project, ptb, trainWith} from '../project.js';

const FETCH = BASE['stages/fetch/stage.yaml'];

test('the project that these tests break is valid', async () => {
  const root = project();
  expect(await ptb(root, 'pipeline', 'validate')).toEqual({
    code: 0,
    out: 'pipeline.yaml is valid: 4 cells, 6 steps in 2 stages',
    err: '',
  });
  expect(readdirSync(root).sort()).toEqual(['pipeline.yaml', 'stages']);
});

test('pipeline stop needs no pipeline: what was started is on disk', async () => {
  const root = project(pipelineWith('oops: 1'));
  expect(await ptb(root, 'pipeline', 'stop')).toEqual({code: 0, out: '0 jobs stopped', err: ''});
});

test.each([['run'], ['run', '--json'], ['plan'], ['status'], ['graph']])(
  'pipeline %s refuses what validate refuses',
  async (...command) => {
    const root = project(pipelineWith('oops: 1'));
    const {code, out, err} = await ptb(root, 'pipeline', ...command);
    expect({code, out}).toEqual({code: 2, out: ''});
    expect(err).toContain('pipeline.yaml:9:1: error: the pipeline has no setting "oops"');
    expect(readdirSync(root).sort()).toEqual(['pipeline.yaml', 'stages']);
  },
);

describe('files', () => {
  test('no pipeline here', async () => {
    expect(await mistakes({'pipeline.yaml': null})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: pipeline.yaml does not exist
        hint: name the pipeline with -f FILE, or change into its folder

      1 mistake; nothing was started
      "
    `);
  });
  test('a pipeline with the other ending', async () => {
    expect(await mistakes({'pipeline.yaml': null, 'pipeline.yml': 'name: tiny\n'})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: pipeline.yaml does not exist
        hint: there is pipeline.yml: name it with -f pipeline.yml

      1 mistake; nothing was started
      "
    `);
  });
  test('a folder that does not exist', async () => {
    expect(await mistakes({}, '-f', 'nowhere/pipeline.yaml')).toMatchInlineSnapshot(`
      "
      nowhere/pipeline.yaml:1:1: error: nowhere/pipeline.yaml does not exist
        hint: name the pipeline with -f FILE, or change into its folder

      1 mistake; nothing was started
      "
    `);
  });
  test('a folder for a file', async () => {
    expect(await mistakes({}, '-f', 'stages')).toMatchInlineSnapshot(`
      "
      stages:1:1: error: stages is a folder
        hint: name the pipeline with -f FILE, or change into its folder

      1 mistake; nothing was started
      "
    `);
  });
  test('no stages', async () => {
    const none = {'stages/fetch/stage.yaml': null, 'stages/train/stage.yaml': null};
    expect(await mistakes(none)).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: there is no stages/*/stage.yaml
           1 | name: tiny
             | ^
        hint: a pipeline stands beside its folders stages/, agents/ and evals/

      1 mistake; nothing was started
      "
    `);
  });
  test('stages whose folder or file has a wrong name', async () => {
    const files = {'stages/My Stage/stage.yaml': FETCH, 'stages/My Stage/run.sh': '', 'stages/tune/stage.yml': FETCH};
    expect(await mistakes(files)).toMatchInlineSnapshot(`
      "
      stages/My Stage/stage.yaml:1:1: error: a stage cannot be named "My Stage"
           1 | for: [model]
             | ^
        hint: rename the folder: 1 to 40 lower-case letters, digits and dashes, beginning with a letter

      stages/tune/stage.yml:1:1: error: stages/tune/stage.yml is not read
        hint: rename it to stage.yaml

      2 mistakes; nothing was started
      "
    `);
  });
  test('places are relative to where the user stands', async () => {
    const files = {
      'deep/pipeline.yaml': BASE['pipeline.yaml'],
      'deep/stages/fetch/stage.yaml': FETCH.replace('[model]', '[modle]'),
      'deep/stages/fetch/run.sh': '',
    };
    expect(await mistakes(files, '-f', 'deep/pipeline.yaml')).toMatchInlineSnapshot(`
      "
      deep/stages/fetch/stage.yaml:1:7: error: stage "fetch" is for axis "modle", which the matrix does not have
           1 | for: [modle]
             |       ^
        hint: did you mean "model"?

      1 mistake; nothing was started
      "
    `);
  });
  test('empty files', async () => {
    expect(await mistakes({'pipeline.yaml': ''})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: the pipeline is empty
        hint: it needs at least name and matrix

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes({'stages/train/stage.yaml': '# later\n'})).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:1:1: error: stages/train/stage.yaml is empty
           1 | # later
             | ^
        hint: it needs at least for and outputs

      1 mistake; nothing was started
      "
    `);
  });
  test('a list, a text', async () => {
    expect(await mistakes({'pipeline.yaml': '- a\n', 'stages/train/stage.yaml': 'hello\n'})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: the pipeline must be a map, not a list
           1 | - a
             | ^
        hint: its settings: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      stages/train/stage.yaml:1:1: error: stages/train/stage.yaml must be a map, not the text "hello"
           1 | hello
             | ^
        hint: its settings: use, title, for, needs, fields, reads, prepare, run, sandbox, resources, done-when, outputs, bill, uses, retry, pins, cache, logins, doctor

      2 mistakes; nothing was started
      "
    `);
  });
  test('10 MB', async () => {
    expect(await mistakes({'pipeline.yaml': 'a: 1\n'.repeat(2_000_000)})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:1: error: pipeline.yaml is 10.0 MB large
        hint: at most 1 MB is read; is it the right file?

      1 mistake; nothing was started
      "
    `);
  });
  test('not UTF-8', async () => {
    const latin = Buffer.from('name: caf\xe9\n', 'latin1');
    const wide = Buffer.from('\ufefffor: []\n', 'utf16le');
    expect(await mistakes({'pipeline.yaml': latin})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:10: error: this is not UTF-8
           1 | name: caf�
             |          ^
        hint: save the file as UTF-8

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes({'stages/fetch/stage.yaml': wide})).toMatchInlineSnapshot(`
      "
      stages/fetch/stage.yaml:1:1: error: this file is UTF-16
        hint: save it as UTF-8

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes({'pipeline.yaml': 'name: a\0b\n'})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:8: error: the control character U+0000 cannot stand here
           1 | name: a\\x00b
             |        ^
        hint: is this a text file?

      1 mistake; nothing was started
      "
    `);
  });
  test('a byte-order mark and CRLF are no mistake, and shift no caret', async () => {
    const windows = `\ufeff${BASE['pipeline.yaml']}oops: 1\n`.replaceAll('\n', '\r\n');
    expect(await mistakes({'pipeline.yaml': windows})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:1: error: the pipeline has no setting "oops"
           9 | oops: 1
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      1 mistake; nothing was started
      "
    `);
  });
});

describe('YAML', () => {
  test.each([
    ['a tab', 'name: tiny\nmatrix:\n\tmodel: [a]\n', '3:1: error: a tab indents this line'],
    ['an open bracket', 'name: tiny\nmatrix:\n  a: [1, 2\n  b: [3]\n', '3:6: error: this [ is not closed'],
    ['an open brace at the end', 'name: tiny\nmatrix: {a: [1]', '2:9: error: this { is not closed'],
    ['an open quote', 'name: "tiny\nmatrix: {}\n', '1:7: error: this quote is not closed'],
    ['no colon', 'name: tiny\nmatrix\n', '2:1: error: this line is no "key: value"'],
    ['two on a line', 'name: tiny: x\n', '1:7: error: a value cannot hold another "key: value" on its line'],
    [
      'a stray indent',
      'name: tiny\n  matrix: {}\n',
      '1:7: error: a value cannot hold another "key: value" on its line',
    ],
    ['a conflict', '<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> x\n', '1:1: error: an unresolved merge conflict'],
    ['two documents', 'name: a\n---\nname: b\n', '2:1: error: a second document begins here'],
    ['a tag', 'name: !secret x\n', '1:7: error: the tag !secret means nothing here'],
    ['YAML 1.1', '%YAML 1.1\n---\nname: a\n', '1:1: error: this file asks for YAML 1.1'],
    [
      'a merge key',
      'name: a\nmatrix: &m {a: [1]}\nsettings: {<<: *m}\n',
      '3:12: error: merge keys (<<) are not part of YAML 1.2',
    ],
    ['a lone alias', 'name: *tiny\n', '1:7: error: *tiny is an alias, and nothing before it is marked &tiny'],
    ['a map for a key', '{a: 1}: 2\n', '1:1: error: a key must be a text'],
    ['an empty key', ': 2\n', '1:1: error: an empty key'],
    ['a reserved sign', 'name: @x\n', '1:7: error: Plain value cannot start with reserved character @'],
    ['100 000 brackets', `name: ${'['.repeat(100_000)}`, '1:262: error: nested deeper than 64 levels'],
    ['an alias of itself', 'name: &a [*a]\n', '1:10: error: nested deeper than 64 levels'],
  ])('%s', async (_, text, message) => {
    const printed = await mistakes({'pipeline.yaml': text});
    expect(printed).toContain(`pipeline.yaml:${message}\n`);
    expect(printed).toContain('\n  hint: ');
    expect(printed).toContain('\n1 mistake; nothing was started\n');
  });
  test('a look-up in braces without quotes', async () => {
    expect(await mistakes(trainWith('"${{ hours }}h"', '${{ hours }}h'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:4:19: error: a look-up inside { } or [ ] stands in quotes
           4 | resources: {time: \${{ hours }}h}
             |                   ^
        hint: for instance {time: "\${{ hours }}h"}

      1 mistake; nothing was started
      "
    `);
  });
  test('keys that stand twice', async () => {
    const lines = 'name: other\nsettings: {1: a, "1": b}';
    expect(await mistakes(pipelineWith(lines))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:1: error: "name" stands twice in the same map
           9 | name: other
             | ^
        pipeline.yaml:1:1: the first one
           1 | name: tiny
             | ^
        hint: remove one of the two

      pipeline.yaml:10:18: error: "1" stands twice in the same map
          10 | settings: {1: a, "1": b}
             |                  ^
        pipeline.yaml:10:12: the first one
          10 | settings: {1: a, "1": b}
             |            ^
        hint: remove one of the two

      2 mistakes; nothing was started
      "
    `);
  });
  test('numbers that a number cannot hold', async () => {
    const axis = 'model: [1e309, 12345678901234567890, .nan]';
    expect(await mistakes(matrixWith(axis))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:11: error: 1e309 is not a finite number
           3 |   model: [1e309, 12345678901234567890, .nan]
             |           ^
        hint: put it in quotes if it is a text

      pipeline.yaml:3:18: error: 12345678901234567890 is too large to be kept exactly
           3 |   model: [1e309, 12345678901234567890, .nan]
             |                  ^
        hint: put it in quotes

      pipeline.yaml:3:40: error: .nan is not a finite number
           3 |   model: [1e309, 12345678901234567890, .nan]
             |                                        ^
        hint: put it in quotes if it is a text

      3 mistakes; nothing was started
      "
    `);
  });
  test('aliases of aliases', async () => {
    const ten = (name: string): string => `[${Array.from({length: 10}, () => name).join(', ')}]`;
    const bomb = ['a', 'b', 'c', 'd', 'e', 'f'].map(
      (name, n, all) => `  ${name}: &${name} ${ten(n === 0 ? '1' : `*${all[n - 1]!}`)}`,
    );
    expect(await mistakes({'pipeline.yaml': `name: tiny\nsettings:\n${bomb.join('\n')}\n`})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:19: error: more than 200000 values
           3 |   a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
             |                   ^
        hint: aliases (*name) that contain aliases multiply; write the values out

      1 mistake; nothing was started
      "
    `);
  });
  test('the names of object properties are names like any other', async () => {
    expect(await mistakes(pipelineWith('__proto__: {a: 1}\nconstructor: 2'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:1: error: the pipeline has no setting "__proto__"
           9 | __proto__: {a: 1}
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      pipeline.yaml:10:1: error: the pipeline has no setting "constructor"
          10 | constructor: 2
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      2 mistakes; nothing was started
      "
    `);
    const values = await mistakes(matrixWith('model: [small, constructor, toString]'));
    expect(values).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:18: error: the catalog of axis "model" has no "constructor"
           3 |   model: [small, constructor, toString]
             |                  ^
        hint: known: small, large

      pipeline.yaml:3:31: error: the catalog of axis "model" has no "toString"
           3 |   model: [small, constructor, toString]
             |                               ^
        hint: known: small, large

      2 mistakes; nothing was started
      "
    `);
  });
  test('wide characters shift the caret, control characters are shown', async () => {
    expect(await mistakes(pipelineWith('settings: {"日本🙂é": 1, a: !x 2}\n"\\e[31mred": 1'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:27: error: the tag !x means nothing here
           9 | settings: {"日本🙂é": 1, a: !x 2}
             |                             ^
        hint: put a text that begins with ! in quotes

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(pipelineWith('"日本🙂é": 1\n"\\e[31mred": 1'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:1: error: the pipeline has no setting "日本🙂é"
           9 | "日本🙂é": 1
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      pipeline.yaml:10:1: error: the pipeline has no setting "\\x1b[31mred"
          10 | "\\e[31mred": 1
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      2 mistakes; nothing was started
      "
    `);
  });
  test('a long line is cut around its caret', async () => {
    expect(await mistakes(pipelineWith(`settings: {a: ${'y'.repeat(200)}, b: !x 1}`))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:220: error: the tag !x means nothing here
           9 | yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy, b: !x 1}
             |                                        ^
        hint: put a text that begins with ! in quotes

      1 mistake; nothing was started
      "
    `);
  });
});
