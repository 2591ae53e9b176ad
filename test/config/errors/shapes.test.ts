import {describe, expect, test} from 'vitest';
import {mistakes, pipelineWith, trainWith} from '../project.js';

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
