import {readdirSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {BASE, matrixWith, mistakes, pipelineWith, project, ptb, trainWith} from './project.js';

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

describe('shapes', () => {
  test('every setting of the pipeline with a wrong type', async () => {
    const text = `name: 5
matrix: [a]
catalog: 3
stages: [fetch]
gpus: two
score: {average: plainn, flagged: yes}
executor: local
sandbox: {use: chroot, expose: /data}
profiles: x
prompt: /abs
environment: {packages: ../x}
settings:
`;
    expect(await mistakes({'pipeline.yaml': text})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:1:7: error: name must be a text, not the number 5
           1 | name: 5
             |       ^
        hint: 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit

      pipeline.yaml:2:9: error: matrix must be a map, not a list
           2 | matrix: [a]
             |         ^
        hint: axes, each a list of values, and include/exclude

      pipeline.yaml:3:10: error: catalog must be a map, not the number 3
           3 | catalog: 3
             |          ^
        hint: per axis, the fields behind its values

      pipeline.yaml:4:9: error: stages must be a map, not a list
           4 | stages: [fetch]
             |         ^
        hint: per stage, settings laid over its stage.yaml; \`use: false\` leaves it out

      pipeline.yaml:5:7: error: gpus must be a map, not the text "two"
           5 | gpus: two
             |       ^
        hint: its settings: count, name

      pipeline.yaml:6:18: error: score.average cannot be "plainn"
           6 | score: {average: plainn, flagged: yes}
             |                  ^
        hint: did you mean "plain"?

      pipeline.yaml:6:35: error: score.flagged cannot be "yes"
           6 | score: {average: plainn, flagged: yes}
             |                                   ^
        hint: known: base, zero, keep

      pipeline.yaml:7:11: error: executor must be a map, not the text "local"
           7 | executor: local
             |           ^
        hint: its settings: use, cpus, memory, gpus, max-jobs, submit-rate, poll, lag, setup, scratch, controller, flags, partition, account, qos, constraint, gpu-type, accounting, slack, requirements, require-gpus, accounting-group, bid

      pipeline.yaml:8:16: error: sandbox.use cannot be "chroot"
           8 | sandbox: {use: chroot, expose: /data}
             |                ^
        hint: known: apptainer, bwrap, docker, none, podman

      pipeline.yaml:8:32: error: sandbox.expose must be a list, not the text "/data"
           8 | sandbox: {use: chroot, expose: /data}
             |                                ^
        hint: further folders of this machine that jobs may read

      pipeline.yaml:9:11: error: profiles must be a map, not the text "x"
           9 | profiles: x
             |           ^
        hint: a map is written key: value

      pipeline.yaml:10:9: error: prompt cannot be "/abs"
          10 | prompt: /abs
             |         ^
        hint: a path relative to the pipeline's folder, inside of it

      pipeline.yaml:11:25: error: environment.packages must be a list, not the text "../x"
          11 | environment: {packages: ../x}
             |                         ^
        hint: write it as a list: [../x]

      pipeline.yaml:12:10: error: settings is empty, and must be a map
          12 | settings:
             |          ^
        hint: anything else that stages look up

      14 mistakes; nothing was started
      "
    `);
  });
  test('every setting of a stage with a wrong type', async () => {
    const text = `for: model
needs: [{stag: fetch}, 3, {stage: fetch, take: []}]
fields: [Model.x, 3]
reads: [/etc/passwd]
run: bash run.sh
sandbox: {gpu: yes, netwrok: true, secrets: TOKEN}
resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
done-when: [exited]
outputs: {a: /abs, b: {pth: x}, c: 3, d: {path: ../up}}
retry: {on: lost, times: 100}
use: no
`;
    expect(await mistakes({'stages/train/stage.yaml': text})).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:1:6: error: for must be a list, not the text "model"
           1 | for: model
             |      ^
        hint: the axes that make a step of this stage; [] for one step

      stages/train/stage.yaml:2:10: error: needs[0] has no setting "stag"
           2 | needs: [{stag: fetch}, 3, {stage: fetch, take: []}]
             |          ^
        hint: did you mean "stage"?

      stages/train/stage.yaml:2:24: error: needs[1] cannot be the number 3
           2 | needs: [{stag: fetch}, 3, {stage: fetch, take: []}]
             |                        ^
        hint: a stage, or {stage: NAME, optional: true} to go on without it when it failed, or {stage: NAME, take: [OUTPUTS]}

      stages/train/stage.yaml:2:48: error: needs[2].take is empty
           2 | needs: [{stag: fetch}, 3, {stage: fetch, take: []}]
             |                                                ^
        hint: give it at least one value, or remove it

      stages/train/stage.yaml:3:10: error: fields[0] cannot be "Model.x"
           3 | fields: [Model.x, 3]
             |          ^
        hint: axis.field or setting.field; a ? at the end allows it to be absent

      stages/train/stage.yaml:3:19: error: fields[1] cannot be the number 3
           3 | fields: [Model.x, 3]
             |                   ^
        hint: a look-up, or {field: LOOK-UP, keyed: false} for what only describes an attempt, never for what changes the answer

      stages/train/stage.yaml:4:9: error: reads[0] cannot be "/etc/passwd"
           4 | reads: [/etc/passwd]
             |         ^
        hint: a path or glob relative to the pipeline's folder

      stages/train/stage.yaml:5:6: error: run must be a list, not the text "bash run.sh"
           5 | run: bash run.sh
             |      ^
        hint: a program and its arguments, for instance [bash, run.sh]

      stages/train/stage.yaml:6:16: error: sandbox.gpu must be true or false, not the text "yes"
           6 | sandbox: {gpu: yes, netwrok: true, secrets: TOKEN}
             |                ^
        hint: YAML 1.2 reads yes, no, on and off as texts; write true or false

      stages/train/stage.yaml:6:21: error: sandbox has no setting "netwrok"
           6 | sandbox: {gpu: yes, netwrok: true, secrets: TOKEN}
             |                     ^
        hint: did you mean "network"?

      stages/train/stage.yaml:6:45: error: sandbox.secrets must be a list, not the text "TOKEN"
           6 | sandbox: {gpu: yes, netwrok: true, secrets: TOKEN}
             |                                             ^
        hint: write it as a list: [TOKEN]

      stages/train/stage.yaml:7:19: error: resources.gpus cannot be -1
           7 | resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
             |                   ^
        hint: at least 0

      stages/train/stage.yaml:7:29: error: resources.cpus must be a whole number or a text, not the number 1.5
           7 | resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
             |                             ^
        hint: how many CPU cores, for instance 16

      stages/train/stage.yaml:7:42: error: resources.memory must be a text, not the number 4
           7 | resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
             |                                          ^
        hint: a size such as 512MB or 128GB

      stages/train/stage.yaml:7:51: error: resources.time must be a text, not the number 10
           7 | resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
             |                                                   ^
        hint: a duration with its unit, such as 10h, 90m or 30s

      stages/train/stage.yaml:7:62: error: resources.grace must be a text, not a list
           7 | resources: {gpus: -1, cpus: 1.5, memory: 4, time: 10, grace: [1]}
             |                                                              ^
        hint: between TERM and KILL, such as 30s

      stages/train/stage.yaml:8:13: error: done-when[0] cannot be "exited"
           8 | done-when: [exited]
             |             ^
        hint: did you mean "exited-0"?

      stages/train/stage.yaml:9:14: error: outputs.a cannot be "/abs"
           9 | outputs: {a: /abs, b: {pth: x}, c: 3, d: {path: ../up}}
             |              ^
        hint: a path below the working directory or $PTB_OUT, without . and ..

      stages/train/stage.yaml:9:24: error: outputs.b has no setting "pth"
           9 | outputs: {a: /abs, b: {pth: x}, c: 3, d: {path: ../up}}
             |                        ^
        hint: did you mean "path"?

      stages/train/stage.yaml:9:36: error: outputs.c cannot be the number 3
           9 | outputs: {a: /abs, b: {pth: x}, c: 3, d: {path: ../up}}
             |                                    ^
        hint: a path, or {path, optional, schema}

      stages/train/stage.yaml:9:49: error: outputs.d.path cannot be "../up"
           9 | outputs: {a: /abs, b: {pth: x}, c: 3, d: {path: ../up}}
             |                                                 ^
        hint: a path below the working directory or $PTB_OUT, without . and ..

      stages/train/stage.yaml:10:13: error: retry.on must be a list, not the text "lost"
          10 | retry: {on: lost, times: 100}
             |             ^
        hint: write it as a list: [lost]

      stages/train/stage.yaml:10:26: error: retry.times cannot be 100
          10 | retry: {on: lost, times: 100}
             |                          ^
        hint: at most 20

      stages/train/stage.yaml:11:6: error: use must be true or false, not the text "no"
          11 | use: no
             |      ^
        hint: YAML 1.2 reads yes, no, on and off as texts; write true or false

      24 mistakes; nothing was started
      "
    `);
  });
  test('what a stage lacks', async () => {
    expect(await mistakes({'stages/train/stage.yaml': 'run: [bash, run.sh]\n'})).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:1:1: error: stages/train/stage.yaml lacks "for"
           1 | run: [bash, run.sh]
             | ^
        hint: add for: the axes that make a step of this stage; [] for one step

      stages/train/stage.yaml:1:1: error: stages/train/stage.yaml lacks "outputs"
           1 | run: [bash, run.sh]
             | ^
        hint: add outputs: what the scripts leave: name: path

      2 mistakes; nothing was started
      "
    `);
    expect(await mistakes(trainWith('run: [bash, run.sh]', 'title: idle'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:1:1: error: stage "train" has neither "prepare" nor "run"
           1 | for: [model, hours]
             | ^
        hint: for instance run: [bash, run.sh]

      1 mistake; nothing was started
      "
    `);
  });
  test('score.average has three forms', async () => {
    expect(await mistakes(pipelineWith('score: {average: {weight: {a: 1}}}'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:19: error: score.average has no setting "weight"
           9 | score: {average: {weight: {a: 1}}}
             |                   ^
        hint: did you mean "weights"?

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(pipelineWith('score: {average: {weights: {a: x, b: -1}}}'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:32: error: score.average.weights.a must be a number, not the text "x"
           9 | score: {average: {weights: {a: x, b: -1}}}
             |                                ^
        hint: a number, without a unit

      pipeline.yaml:9:38: error: score.average.weights.b cannot be -1
           9 | score: {average: {weights: {a: x, b: -1}}}
             |                                      ^
        hint: at least 0

      2 mistakes; nothing was started
      "
    `);
    expect(await mistakes(pipelineWith('score: {average: 5}'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:18: error: score.average cannot be the number 5
           9 | score: {average: 5}
             |                  ^
        hint: plain, inverse-headroom, published-v1, or {weights: {BENCHMARK: NUMBER}}

      1 mistake; nothing was started
      "
    `);
  });
  test('more mistakes than a person reads', async () => {
    const lines = Array.from({length: 100}, (_, n) => `x${n}: 1`).join('\n');
    const printed = await mistakes(pipelineWith(lines));
    expect(printed.match(/: error: /g)).toHaveLength(40);
    expect(printed).toContain('\n100 mistakes, the first 40 shown; nothing was started\n');
  });
});

describe('the matrix', () => {
  test('axes without values', async () => {
    const lines = 'model: []\n  size:\n  seed: 3';
    expect(await mistakes(matrixWith(lines))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:10: error: matrix.model is empty
           3 |   model: []
             |          ^
        hint: an axis is a list of values, for instance [1, 2, 5, 10]

      pipeline.yaml:4:8: error: matrix.size is empty, and must be a list
           4 |   size:
             |        ^
        hint: an axis is a list of values, for instance [1, 2, 5, 10]

      pipeline.yaml:5:9: error: matrix.seed must be a list, not the number 3
           5 |   seed: 3
             |         ^
        hint: an axis is a list of values, for instance [1, 2, 5, 10]

      3 mistakes; nothing was started
      "
    `);
    expect(await mistakes({'pipeline.yaml': 'name: tiny\nmatrix: {}\n'})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:2:1: error: the matrix has no axis
           2 | matrix: {}
             | ^
        hint: for instance hours: [1, 2, 5]

      1 mistake; nothing was started
      "
    `);
  });
  test('names that an axis cannot have', async () => {
    const lines = `model: [small]\n  Model: [1]\n  "a b": [1]\n  ${'a'.repeat(300)}: [1]`;
    expect(await mistakes(matrixWith(lines))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:4:3: error: "Model" cannot be a name in matrix
           4 |   Model: [1]
             |   ^
        hint: an axis is named with 1 to 40 lower-case letters, digits and dashes

      pipeline.yaml:5:3: error: "a b" cannot be a name in matrix
           5 |   "a b": [1]
             |   ^
        hint: an axis is named with 1 to 40 lower-case letters, digits and dashes

      pipeline.yaml:6:3: error: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" cannot be a name in matrix
           6 |   aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
             |   ^
        hint: an axis is named with 1 to 40 lower-case letters, digits and dashes

      3 mistakes; nothing was started
      "
    `);
    expect(await mistakes(matrixWith('model: [small]\n  out: [1]\n  in-fetch: [1]'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:4:3: error: axis "out" would hide $PTB_OUT
           4 |   out: [1]
             |   ^
        hint: choose another name

      pipeline.yaml:5:3: error: axis "in-fetch" would hide $PTB_IN_FETCH
           5 |   in-fetch: [1]
             |   ^
        hint: choose another name

      2 mistakes; nothing was started
      "
    `);
  });
  test('values that an axis cannot have', async () => {
    const values = `["a/b", "a b", é, "", -1, true, ~, [1], -x, ${'x'.repeat(300)}]`;
    expect(await mistakes(matrixWith(`model: ${values}`))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:11: error: matrix.model[0] cannot be "a/b"
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |           ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:18: error: matrix.model[1] cannot be "a b"
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                  ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:25: error: matrix.model[2] cannot be "é"
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                         ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:28: error: matrix.model[3] cannot be ""
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                            ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:32: error: matrix.model[4] cannot be -1
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                ^
        hint: at least 0

      pipeline.yaml:3:36: error: matrix.model[5] must be a text or a number, not true
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                    ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:42: error: matrix.model[6] is empty, and must be a text or a number
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                          ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:45: error: matrix.model[7] must be a text or a number, not a list
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                             ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:50: error: matrix.model[8] cannot be "-x"
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                                  ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:3:54: error: matrix.model[9] cannot be "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
           3 |   model: ["a/b", "a b", é, "", -1, true, ~, [1], -x, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             |                                                      ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      10 mistakes; nothing was started
      "
    `);
  });
  test('values twice', async () => {
    expect(await mistakes(matrixWith('model: [small, 10, "10", 1.0, 1, small]'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:22: error: matrix.model lists "10" twice
           3 |   model: [small, 10, "10", 1.0, 1, small]
             |                      ^
        hint: remove one of the two

      pipeline.yaml:3:33: error: matrix.model lists "1" twice
           3 |   model: [small, 10, "10", 1.0, 1, small]
             |                                 ^
        hint: remove one of the two

      pipeline.yaml:3:36: error: matrix.model lists "small" twice
           3 |   model: [small, 10, "10", 1.0, 1, small]
             |                                    ^
        hint: remove one of the two

      3 mistakes; nothing was started
      "
    `);
  });
  test('include and exclude', async () => {
    const lines = `model: [small, large]
  exclude: [{modle: small}, {model: smal}, {hours: [1, 9]}]
  include: [{modle: small}, {hours: 3, x: 1}]`;
    expect(await mistakes(matrixWith(lines))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:4:14: error: exclude names axis "modle", which the matrix does not have
           4 |   exclude: [{modle: small}, {model: smal}, {hours: [1, 9]}]
             |              ^
        hint: did you mean "model"?

      pipeline.yaml:4:37: error: axis "model" has no value "smal"
           4 |   exclude: [{modle: small}, {model: smal}, {hours: [1, 9]}]
             |                                     ^
        hint: did you mean "small"?

      pipeline.yaml:4:56: error: axis "hours" has no value "9"
           4 |   exclude: [{modle: small}, {model: smal}, {hours: [1, 9]}]
             |                                                        ^
        hint: known: 1, 2

      pipeline.yaml:5:14: error: include names axis "modle", which the matrix does not have
           5 |   include: [{modle: small}, {hours: 3, x: 1}]
             |              ^
        hint: did you mean "model"?

      pipeline.yaml:5:40: error: include names axis "x", which the matrix does not have
           5 |   include: [{modle: small}, {hours: 3, x: 1}]
             |                                        ^
        hint: known: model, hours

      5 mistakes; nothing was started
      "
    `);
    const shapes =
      'model: [small, large]\n  exclude: {model: small}\n  include: [small, {}, {model: a/b}, {hours: []}]';
    expect(await mistakes(matrixWith(shapes))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:4:12: error: matrix.exclude must be a list, not a map
           4 |   exclude: {model: small}
             |            ^
        hint: a list of partial cells, for instance [{agent: codex, hours: 1}]

      pipeline.yaml:5:13: error: matrix.include[0] must be a map, not the text "small"
           5 |   include: [small, {}, {model: a/b}, {hours: []}]
             |             ^
        hint: a partial cell: axis: value, or axis: [values]

      pipeline.yaml:5:20: error: matrix.include[1] is empty
           5 |   include: [small, {}, {model: a/b}, {hours: []}]
             |                    ^
        hint: a partial cell: axis: value, or axis: [values]

      pipeline.yaml:5:32: error: matrix.include[2].model cannot be "a/b"
           5 |   include: [small, {}, {model: a/b}, {hours: []}]
             |                                ^
        hint: an axis value is 1 to 100 of letters, digits and . _ + -, because it names folders and columns; put the full name into its catalog entry

      pipeline.yaml:5:46: error: matrix.include[3].hours is empty
           5 |   include: [small, {}, {model: a/b}, {hours: []}]
             |                                              ^
        hint: give it at least one value, or remove it

      5 mistakes; nothing was started
      "
    `);
  });
  test('exclude removes everything', async () => {
    const lines = 'model: [small, large]\n  exclude: [{model: small}, {model: large}]';
    expect(await mistakes(matrixWith(lines))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:4:13: error: exclude removes every cell
           4 |   exclude: [{model: small}, {model: large}]
             |             ^
        hint: narrow one of the patterns

      1 mistake; nothing was started
      "
    `);
  });
  test('more cells than anybody means', async () => {
    const axes = Array.from({length: 30}, (_, n) => `  a${n}: [1, 2]`).join('\n');
    expect(await mistakes(matrixWith(`model: [small, large]\n${axes}`))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:2:1: error: the matrix has 4,294,967,296 cells
           2 | matrix:
             | ^
        hint: at most 250,000; list fewer values

      1 mistake; nothing was started
      "
    `);
  });
});

describe('the catalog', () => {
  test('an axis and values that it does not know', async () => {
    const axis = '  modle: {small: {x: 1}}';
    const text = `${BASE['pipeline.yaml'].replace('[small, large]', '[smal, large]\n  include: [{model: tiny}]')}${axis}\n`;
    expect(await mistakes({'pipeline.yaml': text})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:3:11: error: the catalog of axis "model" has no "smal"
           3 |   model: [smal, large]
             |           ^
        hint: did you mean "small"?

      pipeline.yaml:4:21: error: the catalog of axis "model" has no "tiny"
           4 |   include: [{model: tiny}]
             |                     ^
        hint: known: small, large

      pipeline.yaml:10:3: error: the catalog describes axis "modle", which the matrix does not have
          10 |   modle: {small: {x: 1}}
             |   ^
        hint: did you mean "model"?

      3 mistakes; nothing was started
      "
    `);
  });
  test('entries of a wrong type', async () => {
    expect(await mistakes(pipelineWith('  hours: {1:, 2: x, 3: {use: ../x}}'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:13: error: catalog.hours.1 is empty, and must be a map
           9 |   hours: {1:, 2: x, 3: {use: ../x}}
             |             ^
        hint: the fields of this value

      pipeline.yaml:9:18: error: catalog.hours.2 must be a map, not the text "x"
           9 |   hours: {1:, 2: x, 3: {use: ../x}}
             |                  ^
        hint: the fields of this value

      pipeline.yaml:9:30: error: catalog.hours.3.use cannot be "../x"
           9 |   hours: {1:, 2: x, 3: {use: ../x}}
             |                              ^
        hint: the name of the folder behind this value, without /

      3 mistakes; nothing was started
      "
    `);
  });
  test('folders', async () => {
    const catalog = '  hours: {from: clocks, 1: {use: slwo}}';
    expect(await mistakes(pipelineWith(catalog))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:17: error: there is no folder "clocks"
           9 |   hours: {from: clocks, 1: {use: slwo}}
             |                 ^
        hint: known: stages

      1 mistake; nothing was started
      "
    `);
    // A file beside the folders, as scripts that they share.
    const clocks = {'clocks/slow/clock.yaml': 'tick: 2\n', 'clocks/2/clock.yaml': '- tick\n', 'clocks/common.sh': ''};
    expect(await mistakes({...pipelineWith(catalog), ...clocks})).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:34: error: hours "1" needs clocks/slwo/clock.yaml, which does not exist
           9 |   hours: {from: clocks, 1: {use: slwo}}
             |                                  ^
        hint: known: 2, slow

      clocks/2/clock.yaml:1:1: error: clocks/2/clock.yaml must be a map
           1 | - tick
             | ^
        hint: a map is written key: value

      2 mistakes; nothing was started
      "
    `);
  });
  test('an agent that lacks something, used twice, is one mistake', async () => {
    const text = `name: tiny
matrix: {agent: [fast, slow]}
catalog: {agent: {from: agents, fast: {use: one}, slow: {use: one}}}
stages: {train: {use: false}, fetch: {for: [agent], fields: null}}
`;
    const agent = 'titel: one\nsecrets: [my-token]\n';
    expect(await mistakes({'pipeline.yaml': text, 'agents/one/agent.yaml': agent})).toMatchInlineSnapshot(`
      "
      agents/one/agent.yaml:1:1: error: agents/one/agent.yaml lacks "title"
           1 | titel: one
             | ^
        hint: add title: the row's name in the table

      agents/one/agent.yaml:2:11: error: secrets[0] cannot be "my-token"
           2 | secrets: [my-token]
             |           ^
        hint: an environment variable's name

      2 mistakes; nothing was started
      "
    `);
  });
});

describe('stages', () => {
  test('unknown axes, stages and outputs', async () => {
    const files = {
      ...pipelineWith('stages: {trian: {use: false}}'),
      'stages/train/stage.yaml': `for: [modle, hours]
needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
run: [bash, run.sh]
outputs: {score: score.json}
`,
    };
    expect(await mistakes(files)).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:10: error: there is no stage "trian"
           9 | stages: {trian: {use: false}}
             |          ^
        hint: did you mean "train"?

      stages/train/stage.yaml:1:7: error: stage "train" is for axis "modle", which the matrix does not have
           1 | for: [modle, hours]
             |       ^
        hint: did you mean "model"?

      stages/train/stage.yaml:2:9: error: stage "train" needs "fetsh", but there is no such stage
           2 | needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
             |         ^
        hint: did you mean "fetch"?

      stages/train/stage.yaml:2:24: error: stage "train" needs "nope", but there is no such stage
           2 | needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
             |                        ^
        hint: known: fetch, train

      stages/train/stage.yaml:2:38: error: stage "train" needs "fetch" twice
           2 | needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
             |                                      ^
        hint: remove one of the two

      stages/train/stage.yaml:2:45: error: stage "train" needs "fetch" twice
           2 | needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
             |                                             ^
        hint: remove one of the two

      stages/train/stage.yaml:2:80: error: stage "train" takes "weight.bin", which is no output of "fetch"
           2 | needs: [fetsh, {stage: nope}, fetch, fetch, {stage: fetch, take: [weights.bin, weight.bin]}]
             |                                                                                ^
        hint: did you mean "weights.bin"?

      7 mistakes; nothing was started
      "
    `);
  });
  test('a stage that is left out and needed', async () => {
    expect(await mistakes(pipelineWith('stages: {fetch: {use: false}}'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:2:9: error: stage "train" needs "fetch", which is left out
           2 | needs: [fetch]
             |         ^
        hint: remove "use: false" from fetch, or this need

      1 mistake; nothing was started
      "
    `);
  });
  test('a stage with a mistake of its own is not unknown as well', async () => {
    expect(await mistakes({'stages/fetch/stage.yaml': `${FETCH}oops: 1\n`})).toMatchInlineSnapshot(`
      "
      stages/fetch/stage.yaml:5:1: error: stages/fetch/stage.yaml has no setting "oops"
           5 | oops: 1
             | ^
        hint: known: use, title, for, needs, fields, reads, prepare, run, sandbox, resources, done-when, outputs, bill, uses, retry, pins, cache, logins, doctor

      1 mistake; nothing was started
      "
    `);
  });
  test('two cycles, one of them a stage that needs itself', async () => {
    const stage = (needs: string): string =>
      `for: []\nneeds:\n  - ${needs}\nrun: [bash, -c, "true"]\noutputs: {a: a}\n`;
    const files = {
      'stages/a/stage.yaml': stage('b'),
      'stages/b/stage.yaml': stage('{stage: c, optional: true}'),
      'stages/c/stage.yaml': stage('a'),
      'stages/fetch/stage.yaml': `${FETCH}needs: [fetch]\n`,
    };
    expect(await mistakes(files)).toMatchInlineSnapshot(`
      "
      stages/a/stage.yaml:3:5: error: these stages need each other: a → b → c → a
           3 |   - b
             |     ^
        stages/b/stage.yaml:3:5: b needs c
           3 |   - {stage: c, optional: true}
             |     ^
        stages/c/stage.yaml:3:5: c needs a
           3 |   - a
             |     ^
        hint: remove one of these needs

      stages/fetch/stage.yaml:5:9: error: stage "fetch" needs itself
           5 | needs: [fetch]
             |         ^
        hint: remove this need

      2 mistakes; nothing was started
      "
    `);
  });
  test('scripts', async () => {
    const run = 'run: [bash, run.sh]';
    expect(await mistakes(trainWith(run, 'run: [bash, -e, rnu.sh]'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:3:17: error: stage "train" runs stages/train/rnu.sh, which does not exist
           3 | run: [bash, -e, rnu.sh]
             |                 ^
        hint: did you mean "run.sh"?

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(trainWith(run, 'run: [./run.sh]'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:3:7: error: stages/train/run.sh is not executable
           3 | run: [./run.sh]
             |       ^
        hint: chmod +x stages/train/run.sh, or name its interpreter: run: [bash, ./run.sh]

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(trainWith(run, 'run: [bash, ../fetch/run.sh]'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:3:13: error: stage "train" runs ../fetch/run.sh, which is outside of its folder
           3 | run: [bash, ../fetch/run.sh]
             |             ^
        hint: copy it into the folder, or name it under "reads" and call it from a script of the folder

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(trainWith(run, 'run: [bash, run.sh, "${{ model }}"]'))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:3:21: error: look-ups are not filled in here
           3 | run: [bash, run.sh, "\${{ model }}"]
             |                     ^
        hint: a script reads its parameters from $PTB_<AXIS> and $PTB_<AXIS>_<FIELD>

      1 mistake; nothing was started
      "
    `);
  });
  test('outputs that clash, a schema that is missing', async () => {
    const outputs = '{score: score.json, b: out/score.json, c: {path: c.json, schema: c.schema.json}}';
    expect(await mistakes(trainWith('{score: score.json}', outputs))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:5:30: error: outputs "score" and "b" both end in "score.json"
           5 | outputs: {score: score.json, b: out/score.json, c: {path: c.json, schema: c.schema.json}}
             |                              ^
        stages/train/stage.yaml:5:11: the first one
           5 | outputs: {score: score.json, b: out/score.json, c: {path: c.json, schema: c.schema.json}}
             |           ^
        hint: downstream steps find outputs by that name; rename one

      stages/train/stage.yaml:5:75: error: output "c" names the schema stages/train/c.schema.json, which does not exist
           5 | outputs: {score: score.json, b: out/score.json, c: {path: c.json, schema: c.schema.json}}
             |                                                                           ^
        hint: there are none

      2 mistakes; nothing was started
      "
    `);
  });
  test('score names outputs', async () => {
    const score =
      'score: {measured: trian/score.json, verdict: train/scor.json, worked: nope, baselines: {base: fetch/x}}';
    expect(await mistakes(pipelineWith(score))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:19: error: there is no stage "trian"
           9 | score: {measured: trian/score.json, verdict: train/scor.json, worked: nope, baselines: {base: fetch/x}}
             |                   ^
        hint: did you mean "train"?

      pipeline.yaml:9:52: error: stage "train" has no output "scor.json"
           9 | score: {measured: trian/score.json, verdict: train/scor.json, worked: nope, baselines: {base: fetch/x}}
             |                                                    ^
        hint: did you mean "score.json"?

      pipeline.yaml:9:71: error: there is no stage "nope"
           9 | score: {measured: trian/score.json, verdict: train/scor.json, worked: nope, baselines: {base: fetch/x}}
             |                                                                       ^
        hint: known: fetch, train

      pipeline.yaml:9:101: error: stage "fetch" has no output "x"
           9 |  worked: nope, baselines: {base: fetch/x}}
             |                                        ^
        hint: known: weights.bin

      4 mistakes; nothing was started
      "
    `);
  });
});

describe('look-ups', () => {
  test('each at its wrong word, once for all steps', async () => {
    const other = `fields: [model.bass, modl, hours.x, model.base.y, model.bass?]
reads: ["a/\${{ model.bse }}", 'x/\${{ hours + 1 }}', "y/\${{ model.base", "\${{ settings.a }}"]`;
    const files = {...pipelineWith('settings: {a: {b: 1}}'), ...trainWith('needs: [fetch]', other)};
    expect(await mistakes(files)).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:2:16: error: model "small" has no "bass" (and 1 more like this)
           2 | fields: [model.bass, modl, hours.x, model.base.y, model.bass?]
             |                ^
        hint: did you mean "base"? (or model.bass? where it may be absent)

      stages/train/stage.yaml:2:22: error: there is no axis or setting "modl"
           2 | fields: [model.bass, modl, hours.x, model.base.y, model.bass?]
             |                      ^
        hint: did you mean "model"? (or modl? where it may be absent)

      stages/train/stage.yaml:2:34: error: hours "1" has no "x" (and 1 more like this)
           2 | fields: [model.bass, modl, hours.x, model.base.y, model.bass?]
             |                                  ^
        hint: known: use (or hours.x? where it may be absent)

      stages/train/stage.yaml:2:48: error: model "small".base has no "y" (and 1 more like this)
           2 | fields: [model.bass, modl, hours.x, model.base.y, model.bass?]
             |                                                ^
        hint: model "small".base is no map (or model.base.y? where it may be absent)

      stages/train/stage.yaml:3:22: error: model "small" has no "bse" (and 1 more like this)
           3 | reads: ["a/\${{ model.bse }}", 'x/\${{ hours + 1 }}', "y/\${{ model.base", "\${{ settings.a }}"]
             |                      ^
        hint: did you mean "use"?

      stages/train/stage.yaml:3:38: error: "hours + 1" is not a look-up
           3 | reads: ["a/\${{ model.bse }}", 'x/\${{ hours + 1 }}', "y/\${{ model.base", "\${{ settings.a }}"]
             |                                      ^
        hint: it is a name such as hours or model.base, never an expression

      stages/train/stage.yaml:3:56: error: this look-up has no end
           3 | reads: ["a/\${{ model.bse }}", 'x/\${{ hours + 1 }}', "y/\${{ model.base", "\${{ settings.a }}"]
             |                                                        ^
        hint: write it like \${{ model.base }}

      stages/train/stage.yaml:3:78: error: settings.a is a map, not a text
           3 | reads: ["a/\${{ model.bse }}", 'x/\${{ hours + 1 }}', "y/\${{ model.base", "\${{ settings.a }}"]
             |                                                                              ^
        hint: name one of its fields

      8 mistakes; nothing was started
      "
    `);
  });
  test('an axis that the stage is not for', async () => {
    expect(await mistakes({'stages/fetch/stage.yaml': FETCH.replace('[model.base]', '[hours]')}))
      .toMatchInlineSnapshot(`
      "
      stages/fetch/stage.yaml:2:10: error: this stage is not for axis "hours"
           2 | fields: [hours]
             |          ^
        hint: add hours to its "for" (or hours? where it may be absent)

      1 mistake; nothing was started
      "
    `);
  });
  test('a text over several lines', async () => {
    const reads = 'reads:\n  - >-\n    a/\n    ${{ model.bse }}';
    expect(await mistakes(trainWith('needs: [fetch]', reads))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:3:5: error: model "small" has no "bse" (and 1 more like this)
           3 |   - >-
             |     ^
        hint: did you mean "use"?

      1 mistake; nothing was started
      "
    `);
  });
  test('durations, sizes and counts', async () => {
    const other = '"${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"';
    expect(await mistakes(trainWith('"${{ hours }}h"', other))).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:4:19: error: resources.time cannot be "1 parsecs" (and 1 more like this)
           4 | resources: {time: "\${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"}
             |                   ^
        hint: write it like 10h, 90m or 30s

      stages/train/stage.yaml:4:51: error: resources.memory cannot be "12 GiB"
           4 | resources: {time: "\${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"}
             |                                                   ^
        hint: write it like 128GB or 512MB

      stages/train/stage.yaml:4:66: error: resources.grace cannot be "0s"
           4 | resources: {time: "\${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"}
             |                                                                  ^
        hint: write it like 10h, 90m or 30s

      stages/train/stage.yaml:4:76: error: resources.cpus cannot be "0"
           4 | resources: {time: "\${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"}
             |                                                                            ^
        hint: write it like 16

      stages/train/stage.yaml:4:87: error: resources.gpus cannot be "1.5"
           4 | resources: {time: "\${{ hours }} parsecs", memory: 12 GiB, grace: 0s, cpus: "0", gpus: "1.5"}
             |                                                                                       ^
        hint: write it like 1

      5 mistakes; nothing was started
      "
    `);
    expect(await mistakes(pipelineWith('executor: {use: local, memory: 12GiB, cpus: 0}'))).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:32: error: executor.memory cannot be "12GiB"
           9 | executor: {use: local, memory: 12GiB, cpus: 0}
             |                                ^
        hint: a size such as 512MB or 128GB

      pipeline.yaml:9:45: error: executor.cpus cannot be 0
           9 | executor: {use: local, memory: 12GiB, cpus: 0}
             |                                             ^
        hint: at least 1

      2 mistakes; nothing was started
      "
    `);
  });
  test('no time at all is not no limit', async () => {
    const text = BASE['pipeline.yaml'].replace('[1, 2]', '[0, 1]');
    expect(await mistakes({'pipeline.yaml': text})).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:4:19: error: resources.time cannot be "0h"
           4 | resources: {time: "\${{ hours }}h"}
             |                   ^
        hint: write it like 10h, 90m or 30s

      1 mistake; nothing was started
      "
    `);
  });
  test('files outside of the project', async () => {
    expect(await mistakes(trainWith('needs: [fetch]', 'reads: ["${{ model.base }}/../../../x"]')))
      .toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:2:9: error: stage "train" reads "org/small/../../../x", which is outside of the project (and 1 more like this)
           2 | reads: ["\${{ model.base }}/../../../x"]
             |         ^
        hint: name a path relative to the pipeline's folder

      1 mistake; nothing was started
      "
    `);
  });
  test('files that do not exist', async () => {
    const printed = await mistakes(trainWith('needs: [fetch]', 'reads: [nowhere.py]'));
    expect(printed).toMatchInlineSnapshot(`
      "
      stages/train/stage.yaml:2:9: error: stage "train" reads nowhere.py, which does not exist
           2 | reads: [nowhere.py]
             |         ^
        hint: create it, or end its look-up in ? where the file may be absent

      1 mistake; nothing was started
      "
    `);
  });
});

describe('flags', () => {
  test('--profile', async () => {
    const profiles = pipelineWith('profiles: {smoke: {matrx: {}, gpus: {count: one}}}');
    expect(await mistakes({}, '--profile', 'smoke')).toMatchInlineSnapshot(`
      "
      --profile:1:1: error: there is no profile "smoke"
           1 | smoke
             | ^
        hint: there are none

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(profiles, '--profile', 'smok')).toMatchInlineSnapshot(`
      "
      --profile:1:1: error: there is no profile "smok"
           1 | smok
             | ^
        hint: did you mean "smoke"?

      1 mistake; nothing was started
      "
    `);
    expect(await mistakes(profiles, '--profile', 'smoke')).toMatchInlineSnapshot(`
      "
      pipeline.yaml:9:20: error: the pipeline has no setting "matrx"
           9 | profiles: {smoke: {matrx: {}, gpus: {count: one}}}
             |                    ^
        hint: did you mean "matrix"?

      pipeline.yaml:9:45: error: gpus.count must be a whole number, not the text "one"
           9 | profiles: {smoke: {matrx: {}, gpus: {count: one}}}
             |                                             ^
        hint: how many GPUs an agent gets

      2 mistakes; nothing was started
      "
    `);
  });
  test('--set that is not path=value', async () => {
    const sets = [
      'foo',
      '=3',
      'a..b=1',
      'name=[',
      'name=\n  {',
      'catalog.model.tiny-1.7b.base=x',
      'profiles.x=1',
      'matrix.hours.0=5',
    ];
    expect(await mistakes({}, ...sets.flatMap((set) => ['--set', set]))).toMatchInlineSnapshot(`
      "
      --set:1:1: error: "foo" is not path=value
           1 | foo
             | ^
        hint: for instance --set 'matrix.hours=[1, 2, 5]' or --set sandbox.use=none

      --set:2:1: error: "=3" is not path=value
           2 | =3
             | ^
        hint: for instance --set 'matrix.hours=[1, 2, 5]' or --set sandbox.use=none

      --set:3:1: error: "a..b=1" is not path=value
           3 | a..b=1
             | ^
        hint: for instance --set 'matrix.hours=[1, 2, 5]' or --set sandbox.use=none

      --set:4:6: error: this [ is not closed
           4 | name=[
             |      ^
        hint: close it

      --set:6:3: error: this { is not closed
           6 |   {
             |   ^
        hint: close it

      --set:7:15: error: axis "model" has no value "tiny-1"
           7 | catalog.model.tiny-1.7b.base=x
             |               ^
        hint: known: small, large

      --set:8:1: error: profiles are laid on before --set, so that this changes nothing
           8 | profiles.x=1
             | ^
        hint: set what the profile sets

      --set:9:14: error: matrix.hours is a list, which has no "0"
           9 | matrix.hours.0=5
             |              ^
        hint: set it as a whole: --set 'matrix.hours=[…]'

      8 mistakes; nothing was started
      "
    `);
  });
  test('--set of unknown paths and wrong types', async () => {
    const sets = [
      'matirx.hours=[1]',
      'matrix.hours=5',
      'gpus.count=two',
      'gpus.cuont=1',
      'stages.trian.use=false',
      '__proto__.x=1',
    ];
    expect(await mistakes({}, ...sets.flatMap((set) => ['--set', set]))).toMatchInlineSnapshot(`
      "
      --set:1:1: error: the pipeline has no setting "matirx"
           1 | matirx.hours=[1]
             | ^
        hint: did you mean "matrix"?

      --set:2:14: error: matrix.hours must be a list, not the number 5
           2 | matrix.hours=5
             |              ^
        hint: an axis is a list of values, for instance [1, 2, 5, 10]

      --set:3:12: error: gpus.count must be a whole number, not the text "two"
           3 | gpus.count=two
             |            ^
        hint: how many GPUs an agent gets

      --set:4:6: error: gpus has no setting "cuont"
           4 | gpus.cuont=1
             |      ^
        hint: did you mean "count"?

      --set:5:8: error: there is no stage "trian"
           5 | stages.trian.use=false
             |        ^
        hint: did you mean "train"?

      --set:6:1: error: the pipeline has no setting "__proto__"
           6 | __proto__.x=1
             | ^
        hint: known: name, matrix, catalog, stages, gpus, prompt, environment, audit, judge, hub, settings, score, prices, limits, executor, sandbox, profiles

      6 mistakes; nothing was started
      "
    `);
  });
  test('--only', async () => {
    const only = ['modl=small', 'model=smal,large,bg', 'model', 'model=small,hours=1', 'constructor=1', ''];
    expect(await mistakes({}, ...only.flatMap((one) => ['--only', one]))).toMatchInlineSnapshot(`
      "
      --only:1:1: error: there is no axis "modl"
           1 | modl=small
             | ^
        hint: did you mean "model"?

      --only:2:7: error: axis "model" has no value "smal"
           2 | model=smal,large,bg
             |       ^
        hint: did you mean "small"?

      --only:2:18: error: axis "model" has no value "bg"
           2 | model=smal,large,bg
             |                  ^
        hint: known: small, large

      --only:3:1: error: "model" is not axis=value
           3 | model
             | ^
        hint: for instance model=small,large

      --only:4:13: error: axis "model" has no value "hours=1"
           4 | model=small,hours=1
             |             ^
        hint: repeat the flag for another axis: --only hours=1

      --only:5:1: error: there is no axis "constructor"
           5 | constructor=1
             | ^
        hint: known: model, hours

      --only:6:1: error: "" is not axis=value
        hint: for instance model=small,large

      7 mistakes; nothing was started
      "
    `);
  });
  test('--only that matches nothing', async () => {
    expect(await mistakes({}, '--only', 'model=small', '--only', 'model=large')).toMatchInlineSnapshot(`
      "
      --only:1:1: error: no cell matches --only
           1 | model=small
             | ^
        hint: a cell must match every --only; the matrix has 4 cells

      1 mistake; nothing was started
      "
    `);
  });
  test('--until', async () => {
    expect(await mistakes({}, '--until', 'trian')).toMatchInlineSnapshot(`
      "
      --until:1:1: error: there is no stage "trian"
           1 | trian
             | ^
        hint: did you mean "train"?

      1 mistake; nothing was started
      "
    `);
  });
  test('--rerun', async () => {
    const rerun = ['trian', 'train:modl=small', 'fetch:hours=1', 'train:model=small,hours=1,9', 'train:'];
    const root = project();
    const {code, out, err} = await ptb(root, 'pipeline', 'plan', ...rerun.flatMap((one) => ['--rerun', one]));
    expect({code, out}).toEqual({code: 2, out: ''});
    expect(`\n${err}\n`).toMatchInlineSnapshot(`
      "
      --rerun:1:1: error: there is no stage "trian"
           1 | trian
             | ^
        hint: did you mean "train"?

      --rerun:2:7: error: there is no axis "modl"
           2 | train:modl=small
             |       ^
        hint: did you mean "model"?

      --rerun:3:7: error: stage "fetch" is not for axis "hours"
           3 | fetch:hours=1
             |       ^
        hint: its axes: model

      --rerun:4:27: error: axis "hours" has no value "9"
           4 | train:model=small,hours=1,9
             |                           ^
        hint: known: 1, 2

      --rerun:5:7: error: "" is not axis=value
           5 | train:
             |       ^
        hint: for instance model=small,large

      5 mistakes; nothing was started
      "
    `);
  });
});
