import {describe, expect, test} from 'vitest';
import {mistakes, pipelineWith, project, ptb} from '../project.js';

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
