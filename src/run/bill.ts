import {statSync} from 'node:fs';
import {basename, join} from 'node:path';
import {isObject, member, type Json} from '../base/json.js';
import {timesOf, type ExitRecord} from '../executor/exit-record.js';
import type {Bill, Tokens} from '../plan/bill.js';
import type {JobRecord} from '../store/attempt.js';
import {attemptPaths, type AttemptPaths} from '../store/paths.js';
import {readLeft} from '../store/write.js';

/** What an attempt cost whose job is gone, by the terms on which it was made. */
export function billOf({resources, terms}: JobRecord, dir: string, exit: ExitRecord | undefined): Bill {
  const paths = attemptPaths(dir);
  const {gpus = 0} = resources ?? {};
  const took = exit ? {...timesOf(exit), began: true} : lastSeen(paths);
  const hours = (ms: number): number => (gpus * ms) / 3_600_000;
  const held = hours(took.wall);
  const price = terms?.gpuHourUsd ?? null;
  const record = typeof terms?.usage === 'string' && took.began ? readRecord(paths, terms.usage) : undefined;
  const mayCall = took.began && terms !== undefined && terms.usage !== null && !terms.callsNone;
  return {
    gpus,
    limit: terms?.limit ?? null,
    gpuHours: {active: hours(took.active), held},
    usd: {gpus: held === 0 ? 0 : price === null ? null : held * price, api: mayCall ? amount(record, 'cost_usd') : 0},
    tokens: tokensOf(record),
  };
}

/** Of an attempt that never began. */
export const noBill = ({resources, terms}: Pick<JobRecord, 'resources' | 'terms'>): Bill => ({
  gpus: resources?.gpus ?? 0,
  limit: terms?.limit ?? null,
  gpuHours: {active: 0, held: 0},
  usd: {gpus: 0, api: 0},
  tokens: null,
});

/** Milliseconds. `began`: whether its job ever worked. */
type Took = {readonly active: number; readonly wall: number; readonly began: boolean};

/** A lost job: from its claim to the last that it wrote, so at least what it held. */
function lastSeen({dir, stdout, stderr}: AttemptPaths): Took {
  const time = (file: string): number | undefined => statSync(file, {throwIfNoEntry: false})?.mtimeMs;
  const began = time(join(dir, 'claimed', 'owner'));
  if (began === undefined) return {active: 0, wall: 0, began: false};
  const seen = [stdout, stderr, join(dir, 'claimed'), join(dir, 'claimed/beat')].flatMap((file) => time(file) ?? []);
  const wall = Math.max(0, Math.max(...seen) - began);
  return {active: wall, wall, began: true};
}

/** Where the job left it; among the outputs where those were collected before the controller was killed. */
function readRecord({work, made, out}: AttemptPaths, path: string): Json | undefined {
  for (const [root, inner] of [
    [work, path],
    [made, path],
    [out, basename(path)],
  ] as const) {
    const value = readLeft(root, inner);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A number from 0; anything else is unknown. */
function amount(record: Json | undefined, key: string): number | null {
  const value = isObject(record) ? member(record, key) : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

function tokensOf(record: Json | undefined): Tokens | null {
  const [input, cached, output] = ['input_tokens', 'cached_tokens', 'output_tokens'].map((key) => amount(record, key));
  return input === null && output === null ? null : {input: input ?? 0, cached: cached ?? 0, output: output ?? 0};
}
