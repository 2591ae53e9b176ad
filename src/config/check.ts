import {basename} from 'node:path';
import type {Argv} from '../base/argv.js';
import type {Issue} from '../base/issue.js';
import {suggest} from '../base/suggest.js';
import {placeOf, pointer} from './located.js';
import type {Stage} from './stage.js';

/** What a file listing says of a stage's folder. */
export type Executable = (file: string) => boolean;

/** Mistakes that only show when the stages are seen together, or beside their files. */
export const checkStages = (
  stages: readonly Stage[],
  axes: readonly string[],
  executable: Executable,
): readonly Issue[] =>
  stages.flatMap((stage) => [
    ...checkAxes(stage, axes),
    ...checkNeeds(stage, stages),
    ...checkScripts(stage, executable),
    ...checkOutputs(stage),
  ]);

const checkAxes = (stage: Stage, axes: readonly string[]): Issue[] =>
  stage.for.flatMap((axis, n): Issue[] =>
    axes.includes(axis)
      ? []
      : [
          {
            code: 'unknown-axis',
            message: `stage "${stage.name}" is for axis "${axis}", which the matrix does not have`,
            at: placeOf(stage.source, pointer('/for', n)),
            hint: suggest(axis, axes),
          },
        ],
  );

const checkNeeds = (stage: Stage, stages: readonly Stage[]): Issue[] => {
  const known = stages.map(({name}) => name);
  return stage.needs.flatMap((need, n): Issue[] => {
    if (!known.includes(need.stage)) {
      return [
        {
          code: 'unknown-stage',
          message: `stage "${stage.name}" needs "${need.stage}", but there is no such stage`,
          at: need.at,
          hint: suggest(need.stage, known),
        },
      ];
    }
    const upstream = stages.find(({name}) => name === need.stage)!;
    const outputs = upstream.outputs.map(({path}) => basename(path));
    const unknown = need.take?.find((name) => !outputs.includes(name));
    if (unknown !== undefined) {
      return [
        {
          code: 'bad-value',
          message: `stage "${stage.name}" takes "${unknown}", which is no output of "${need.stage}"`,
          at: need.at,
          hint: suggest(unknown, outputs),
        },
      ];
    }
    if (stage.needs.findIndex(({stage: other}) => other === need.stage) === n) return [];
    return [{code: 'clash', message: `stage "${stage.name}" needs "${need.stage}" twice`, at: need.at}];
  });
};

const SCRIPT = /^[\w./-]+\.(?:sh|bash|py|js|mjs|ts|rb|pl|R)$/;

const checkScripts = (stage: Stage, executable: Executable): Issue[] => {
  const root = placeOf(stage.source, '');
  if (!stage.prepare && !stage.run) {
    return [{code: 'bad-shape', message: `stage "${stage.name}" has neither "prepare" nor "run"`, at: root}];
  }
  const check = (key: 'prepare' | 'run', argv: Argv | undefined): Issue[] =>
    (argv ?? []).flatMap((word, n): Issue[] => {
      const file = `${stage.dir}/${word.replace(/^\.\//, '')}`;
      const at = placeOf(stage.source, pointer(`/${key}`, n));
      if (stage.files.includes(file)) {
        if (n > 0 || executable(file)) return [];
        return [
          {
            code: 'bad-value',
            message: `${file} is not executable`,
            at,
            hint: `chmod +x ${file}, or name its interpreter: ${key}: [bash, ${word}]`,
          },
        ];
      }
      if (!SCRIPT.test(word)) return [];
      return [
        {
          code: 'missing-file',
          message: `stage "${stage.name}" runs ${file}, which does not exist`,
          at,
          hint: suggest(
            word,
            stage.files.map((known) => basename(known)),
          ),
        },
      ];
    });
  return [...check('prepare', stage.prepare), ...check('run', stage.run)];
};

const checkOutputs = (stage: Stage): Issue[] =>
  stage.outputs.flatMap((output, n) => {
    const at = placeOf(stage.source, pointer('/outputs', output.name));
    const earlier = stage.outputs.slice(0, n).find(({path}) => basename(path) === basename(output.path));
    const issues: Issue[] = [];
    if (earlier) {
      issues.push({
        code: 'clash',
        message: `outputs "${earlier.name}" and "${output.name}" both end in "${basename(output.path)}"`,
        at,
        hint: 'downstream steps find outputs by that name; rename one',
      });
    }
    if (output.schema !== undefined && !stage.files.includes(`${stage.dir}/${output.schema}`)) {
      issues.push({
        code: 'missing-file',
        message: `output "${output.name}" names the schema ${stage.dir}/${output.schema}, which does not exist`,
        at,
      });
    }
    return issues;
  });
