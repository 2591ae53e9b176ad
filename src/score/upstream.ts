import type {Metrics, Verdict} from './evidence.js';
import {isObject, type Json} from '../base/json.js';

/** Names of the PostTrainBench repository's result tree: `<results>/<method>/<benchmark>_<org>_<model>_<run id>/`. */
export const UPSTREAM_FILES = {
  metrics: 'metrics.json',
  time: 'time_taken.txt',
  contamination: 'contamination_judgement.txt',
  model: 'disallowed_model_judgement.txt',
  finalModel: 'final_model',
} as const;

export type Method = {
  /** The folder's name without what only tells repeated runs apart. */
  readonly name: string;
  readonly hours: number | null;
  readonly gpus: number;
  /** `…_run3` is the third. */
  readonly replicate: string;
};

/** `<agent>_<config>_<H>h[_<n>gpu][_<experiment>]`; any other name is taken as it is. */
export function parseMethod(folder: string): Method {
  const match = /^(?<what>.+)_(?<hours>\d+(?:\.\d+)?)h(?:_(?<gpus>\d+)gpus?)?(?:_(?<rest>.+))?$/su.exec(folder);
  if (!match) return {name: folder, hours: null, gpus: 1, replicate: '1'};
  const {hours, gpus, rest} = match.groups!;
  const replicate = /^(?:.*_)?run(\d+)$/su.exec(rest ?? '')?.[1];
  return {
    name: replicate === undefined ? folder : folder.replace(/_run\d+$/su, ''),
    hours: Number(hours),
    gpus: Number(gpus ?? 1),
    replicate: replicate ?? '1',
  };
}

export type RunFolder = {readonly benchmark: string; readonly model: string; readonly run: bigint};

/** `<benchmark>_<org>_<model>_<run id>`; undefined when it is not of that form. A known benchmark may have a `_` of its own. */
export function parseRunFolder(folder: string, benchmarks: readonly string[]): RunFolder | undefined {
  const match = /^(.+)_(\d+)$/su.exec(folder);
  if (!match) return undefined;
  const [, rest, run] = match as unknown as [string, string, string];
  const known = benchmarks.find((name) => rest.toLowerCase().startsWith(`${name.toLowerCase()}_`));
  const end = known?.length ?? rest.indexOf('_');
  if (end <= 0 || end + 1 >= rest.length) return undefined;
  return {benchmark: rest.slice(0, end), model: rest.slice(end + 1), run: BigInt(run)};
}

/** A model's name as upstream writes it into a folder's. */
export const asFolder = (name: string): string => name.replaceAll(/[/:[\]]/g, '_');

/** `H:MM:SS` in seconds; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{1,5}):([0-5]?\d):([0-5]?\d)(?:\.\d+)?$/.exec(text.trim());
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : undefined;
}

/** What a judge's file says; undefined when it says neither. */
function judged(text: string, guilty: string, innocent: string): boolean | undefined {
  const words = text.trim().toLowerCase();
  return words === innocent ? false : words === guilty ? true : undefined;
}

const JUDGES = [
  {flag: 'C', file: 'contamination', guilty: 'contamination detected', innocent: 'no contamination detected'},
  {flag: 'M', file: 'model', guilty: 'disallowed use detected', innocent: 'only allowed use detected'},
] as const;

export type Judgements = {readonly contamination?: string; readonly model?: string};

/** A verdict from the judges' files, or why there is none. */
export function parseVerdict(texts: Judgements): Verdict | {readonly because: string} {
  const flags: string[] = [];
  for (const {flag, file, guilty, innocent} of JUDGES) {
    const text = texts[file];
    if (text === undefined) return {because: `no ${UPSTREAM_FILES[file]}`};
    const found = judged(text, guilty, innocent);
    if (found === undefined) return {because: `${UPSTREAM_FILES[file]} says neither "${guilty}" nor "${innocent}"`};
    if (found) flags.push(flag);
  }
  return {
    flagged: flags.length > 0,
    flags,
    findings: flags.map((flag) => ({flag, summary: JUDGES.find((judge) => judge.flag === flag)!.guilty})),
  };
}

/** `metrics.json`, or what is wrong with it. */
export function parseAccuracy(value: Json): Metrics | {readonly because: string} {
  const accuracy = isObject(value) ? value.accuracy : undefined;
  if (typeof accuracy !== 'number') return {because: 'metrics.json has no accuracy'};
  if (!(accuracy >= 0 && accuracy <= 1)) return {because: `metrics.json: accuracy ${accuracy} is no fraction`};
  const {stderr, n} = value as {readonly [key: string]: Json};
  return {
    accuracy,
    stderr: typeof stderr === 'number' && Number.isFinite(stderr) ? stderr : null,
    n: typeof n === 'number' ? n : 0,
  };
}
