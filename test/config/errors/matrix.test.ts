import {describe, expect, test} from 'vitest';
import {BASE, matrixWith, mistakes, pipelineWith} from '../project.js';

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
