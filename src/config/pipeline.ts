import {isObject, member, type Json, type JsonObject} from '../base/json.js';
import type {Place} from '../base/issue.js';
import type {Image} from './image.js';
import type {Located} from './located.js';
import type {Stage} from './stage.js';

/** A partial cell: axis to the values that it admits. */
export type Pattern = {readonly where: ReadonlyMap<string, readonly string[]>; readonly at: Place};

export type MatrixSettings = {
  /** Axes in the order of the file, each with the values that it lists: what the product is made of. */
  readonly listed: ReadonlyMap<string, readonly string[]>;
  /** The same with the values that only an `include` names. */
  readonly axes: ReadonlyMap<string, readonly string[]>;
  readonly include: readonly Pattern[];
  readonly exclude: readonly Pattern[];
};

/** Everything that the user wrote, checked and typed. Behind this nobody sees raw YAML. */
export type Pipeline = {
  readonly name: string;
  /** The folder of pipeline.yaml, absolute. */
  readonly root: string;
  readonly matrix: MatrixSettings;
  /** Per axis, the fields of each value; every value has at least `use`. */
  readonly catalog: ReadonlyMap<string, ReadonlyMap<string, JsonObject>>;
  /** What `${{ }}` reads beside the axes. */
  readonly settings: JsonObject;
  /** Of the file beside pipeline.yaml that `ptb lock` writes: name to version. */
  readonly pins: ReadonlyMap<string, string>;
  /** Without cycles. */
  readonly stages: readonly Stage[];
  readonly executor: ExecutorSettings;
  readonly sandbox: SandboxSettings;
  readonly score: ScoreSettings;
  /** US dollars for one of its GPUs and one hour; undefined where none is given. */
  readonly gpuHourUsd: number | undefined;
  /** How many jobs may use what is shared at once, by name. What it does not name is unlimited. */
  readonly limits: ReadonlyMap<string, number>;
  readonly source: Located;
};

export type ExecutorSettings = {
  readonly use: 'local' | 'slurm' | 'htcondor';
  /** Of `local`. */
  readonly cpus?: number;
  readonly memory?: string;
  readonly gpus?: number;
  /** Of a batch system. */
  readonly 'max-jobs'?: number;
  readonly 'submit-rate'?: number;
  readonly poll?: string;
  readonly lag?: string;
  readonly flags?: readonly string[];
  readonly setup?: readonly string[];
  readonly scratch?: string;
  /** Over these settings, for a controller that is a job itself. */
  readonly controller?: Partial<
    Pick<ExecutorSettings, 'partition' | 'account' | 'qos' | 'constraint' | 'flags' | 'setup' | 'requirements'>
  > & {readonly time?: string; readonly memory?: string};
  /** Of `slurm`. */
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly constraint?: string;
  readonly 'gpu-type'?: string;
  readonly accounting?: boolean;
  readonly slack?: string;
  /** Of `htcondor`. */
  readonly requirements?: string;
  readonly 'require-gpus'?: string;
  readonly 'accounting-group'?: string;
  readonly bid?: number;
};

export type SandboxKind = 'apptainer' | 'bwrap' | 'docker' | 'none' | 'podman';

export type SandboxSettings = {
  readonly use: SandboxKind;
  /** For steps whose stage does not name one of its own. */
  readonly image: Image;
  readonly expose: readonly string[];
};

/** The price that holds for the pipeline's GPUs: the one there is, or the one under their name. */
export function gpuHourUsdOf(prices: Json | undefined, gpuName: Json | undefined): number | undefined {
  const price = member(prices, 'gpu-hour');
  const found = isObject(price) && typeof gpuName === 'string' ? member(price, gpuName) : price;
  return typeof found === 'number' ? found : undefined;
}

export const limitsOf = (limits: Json | undefined): Pipeline['limits'] =>
  new Map(Object.entries(isObject(limits) ? (limits as {readonly [name: string]: number}) : {}));

export type ScoreSettings = {
  /** `inverse-headroom` is of the run's own baselines, `published-v1` of the published ones. */
  readonly average:
    'plain' | 'inverse-headroom' | 'published-v1' | {readonly weights: {readonly [benchmark: string]: number}};
  readonly flagged: 'base' | 'zero' | 'keep';
  readonly missing: 'base' | 'zero';
  /** STAGE/OUTPUT of the measured score, of the audit's verdict, of the usage record; STAGE whose time is the agent's. */
  readonly measured: string;
  readonly verdict: string;
  readonly usage: string;
  readonly worked: string;
  /** Baseline rows in the table's order; `base` is what substitutes a cell. One with a `?` at its end may be absent. */
  readonly baselines: ReadonlyMap<string, string>;
};
