import {asText, member, type Json, type JsonObject} from '../base/json.js';
import type {ScoreSettings} from './pipeline.js';

/** Typed view of `score` with its defaults. */
export const scoreOf = (value: Json | undefined): ScoreSettings => ({
  average: (member(value, 'average') ?? 'plain') as ScoreSettings['average'],
  flagged: (member(value, 'flagged') ?? 'base') as ScoreSettings['flagged'],
  missing: (member(value, 'missing') ?? 'base') as ScoreSettings['missing'],
  measured: asText(member(value, 'measured') ?? 'evaluate/metrics.json'),
  verdict: asText(member(value, 'verdict') ?? 'audit/audit.json'),
  usage: asText(member(value, 'usage') ?? 'post-train/usage.json'),
  worked: asText(member(value, 'worked') ?? 'post-train'),
  baselines: new Map(
    Object.entries(
      (member(value, 'baselines') ?? {base: 'baseline/base.json', instruct: 'baseline/instruct.json'}) as JsonObject,
    ).map(([row, output]) => [row, asText(output)]),
  ),
});
