import {describe, expect, test} from 'vitest';
import {BASE, mistakes, pipelineWith, trainWith} from '../project.js';

const FETCH = BASE['stages/fetch/stage.yaml'];

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
