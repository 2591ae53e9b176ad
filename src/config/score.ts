import {basename} from 'node:path';
import type {Issue} from '../base/issue.js';
import {asText, isObject, member, type Json, type JsonObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {placeInText, pointer, type Located} from './located.js';
import type {ScoreSettings} from './pipeline.js';
import type {Stage} from './stage.js';

/** Typed view of `score` with its defaults. */
export const scoreOf = (value: Json | undefined): ScoreSettings => ({
  average: (member(value, 'average') ?? 'plain') as ScoreSettings['average'],
  flagged: (member(value, 'flagged') ?? 'base') as ScoreSettings['flagged'],
  missing: (member(value, 'missing') ?? 'base') as ScoreSettings['missing'],
  measured: asText(member(value, 'measured') ?? 'evaluate/metrics.json'),
  verdict: asText(member(value, 'verdict') ?? 'audit/audit.json'),
  usage: asText(member(value, 'usage') ?? 'trace/usage.json'),
  worked: asText(member(value, 'worked') ?? 'post-train'),
  baselines: new Map(
    Object.entries(
      (member(value, 'baselines') ?? {
        base: 'baseline/base.json',
        fewshot: 'baseline/fewshot.json?',
        instruct: 'baseline/instruct.json',
      }) as JsonObject,
    ).map(([row, output]) => [row, asText(output)]),
  ),
});

/** Outputs that `score` names and no stage makes. Its defaults may name what this pipeline does not have. */
export function checkScore(source: Located, stages: readonly Stage[], isBroken: (name: string) => boolean): Issue[] {
  const score = member(source.value, 'score');
  const baselines = member(score, 'baselines');
  const named: [string, Json | undefined][] = [
    ...['measured', 'verdict', 'usage', 'worked'].map((key): [string, Json | undefined] => [
      pointer('/score', key),
      member(score, key),
    ]),
    ...Object.entries(isObject(baselines) ? baselines : {}).map(([row, output]): [string, Json] => [
      pointer('/score/baselines', row),
      output,
    ]),
  ];
  return named.flatMap(([path, text]): Issue[] => {
    if (typeof text !== 'string') return [];
    const [name = '', ...rest] = text.split('/');
    const stage = stages.find((one) => one.name === name);
    const at = placeInText(source, path, 0);
    if (isBroken(name)) return [];
    if (!stage) {
      const hint = suggest(
        name,
        stages.map((one) => one.name),
      );
      return [{code: 'unknown-stage', message: `there is no stage ${quoted(name)}`, at, hint}];
    }
    const outputs = stage.outputs.map((output) => basename(output.path));
    const output = rest.join('/').replace(/\?$/, '');
    if (rest.length === 0 || outputs.includes(output)) return [];
    const place = placeInText(source, path, name.length + 1);
    const message = `stage "${name}" has no output ${quoted(output)}`;
    return [{code: 'unknown-value', message, at: place, hint: suggest(output, outputs)}];
  });
}
