import type {Argv} from '../base/argv.js';
import type {Place} from '../base/issue.js';
import {asText, isObject, type Json} from '../base/json.js';
import {placeOf, pointer, type Located} from './located.js';

/** An upstream stage whose outputs this one takes: those named by `take`, or all. */
export type Need = {
  readonly stage: string;
  /** An optional one that failed, or that the pipeline leaves out, is absent and blocks nobody. */
  readonly optional: boolean;
  readonly take?: readonly string[];
  readonly at: Place;
};

/** The output in which a step says what the names that it pins came to: a JSON map of name to version. */
export const PINS_FILE = 'pins.json';

/** What a step leaves, named; `path` is relative to the working directory or to `$PTB_OUT`. */
export type Output = {
  readonly name: string;
  readonly path: string;
  readonly optional: boolean;
  /** A JSON Schema in the stage's folder that the file must satisfy. */
  readonly schema?: string;
};

/** A text under `fields` or `reads`. One that is not keyed may change without the step running again. */
export type Declared = {readonly text: string; readonly keyed: boolean};

/** Of these secrets one must be set before a step starts; which ones, and what for, may be look-ups. */
export type Login = {
  readonly oneOf: readonly string[];
  /** What it opens, for instance the page of a licence. Given, and its look-up absent: nothing is asked for. */
  readonly for?: string;
  /** A look-up that says that nothing is asked for, by the value true. */
  readonly unless?: string;
};

/** A script that looks, where ptb runs, whether what the steps will need is there: for `ptb doctor`, never part of a key. */
export type DoctorScript = {
  readonly run: Argv;
  /** It runs once for each value of these axes. */
  readonly for: readonly string[];
};

export type DoneWhen = 'exited-0' | 'exited-nonzero' | 'timed-out';

/** Why an attempt did not count. */
export type FailureClass =
  /** The job is gone without an exit record. */
  | 'lost'
  /** The machine lacked what the step asks for: a GPU, a slot that large. */
  | 'not-ready'
  /** The script exited with 75. */
  | 'temporary'
  | 'killed'
  /** Ended by the user. */
  | 'stopped'
  | 'out-of-memory'
  | 'timed-out'
  /** It took more processes, log or disk than it may. Never tried again. */
  | 'exceeded'
  /** There is nothing to evaluate. */
  | 'no-model'
  | 'failed';

/** A stage as declared: `stages/<name>/stage.yaml` with the pipeline's overlay. Texts may hold `${{ look-ups }}`. */
export type Stage = {
  readonly name: string;
  /** Relative to the project. */
  readonly dir: string;
  readonly for: readonly string[];
  readonly needs: readonly Need[];
  readonly fields: readonly Declared[];
  readonly reads: readonly Declared[];
  /** Names of things outside the project; the lock says which version of each is meant. */
  readonly pins: readonly string[];
  readonly prepare?: Argv;
  readonly run?: Argv;
  readonly sandbox: {
    readonly image?: string;
    readonly gpu: boolean;
    readonly network: boolean;
    readonly secrets: readonly string[];
    /** Variables of whoever runs ptb that say how to reach the network: handed over like secrets, and nobody's login. */
    readonly pass: readonly string[];
    /** Folders of this machine to be read, by the name under which the script finds them. */
    readonly expose: ReadonlyMap<string, string>;
  };
  readonly logins: readonly Login[];
  readonly doctor?: DoctorScript;
  /** A folder in `runs/cache` that the steps of all stages that name it share, and that outlives them. */
  readonly cache?: string;
  readonly resources: {
    readonly gpus?: string;
    /** A part of the name that the GPUs must have. */
    readonly gpuName?: string;
    readonly cpus?: string;
    readonly memory?: string;
    readonly disk?: string;
    /** At once. */
    readonly processes?: string;
    /** Size of each of its logs. */
    readonly log?: string;
    /** Wall time of `run`. */
    readonly time?: string;
    readonly grace?: string;
  };
  /** The file in which a job says what its API calls cost, and what an hour of them may cost. */
  readonly bill?: {readonly path: string; readonly usdPerHour?: string};
  /** Named limits of the pipeline. */
  readonly uses: readonly string[];
  readonly doneWhen: readonly DoneWhen[];
  readonly outputs: readonly Output[];
  readonly retry: {
    readonly on: readonly FailureClass[];
    readonly times: number;
    readonly backoff?: string;
    /** Name to the texts of the first, second, … attempt. */
    readonly with: ReadonlyMap<string, readonly string[]>;
  };
  /** The scripts: every file of the folder but stage.yaml, tests and prose; relative to the project, sorted. */
  readonly files: readonly string[];
  readonly source: Located;
};

/** Typed view of a document that satisfies schemas/stage.schema.json. */
export function stageOf(name: string, dir: string, files: readonly string[], source: Located): Stage {
  const document = source.value as {readonly [key: string]: Json};
  const list = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
  const declared = (value: Json | undefined, key: string): readonly Declared[] =>
    (Array.isArray(value) ? (value as Json[]) : []).map((one) =>
      isObject(one) ? {text: asText(one[key]), keyed: one.keyed !== false} : {text: asText(one), keyed: true},
    );
  const map = (value: Json | undefined): {readonly [key: string]: Json} => (isObject(value) ? value : {});
  const sandbox = map(document.sandbox);
  const resources = map(document.resources);
  const retry = map(document.retry);
  const bill = isObject(document.bill) || document.bill === undefined ? map(document.bill) : {path: document.bill};
  return {
    name,
    dir,
    for: list(document.for),
    needs: (Array.isArray(document.needs) ? (document.needs as Json[]) : []).map((need, n) => ({
      stage: isObject(need) ? asText(need.stage) : asText(need),
      optional: isObject(need) && need.optional === true,
      ...(isObject(need) && need.take !== undefined ? {take: list(need.take)} : {}),
      at: placeOf(source, pointer('/needs', n)),
    })),
    fields: declared(document.fields, 'field'),
    reads: declared(document.reads, 'path'),
    pins: list(document.pins),
    ...(document.prepare === undefined ? {} : {prepare: list(document.prepare) as unknown as Argv}),
    ...(document.run === undefined ? {} : {run: list(document.run) as unknown as Argv}),
    sandbox: {
      ...(sandbox.image === undefined ? {} : {image: asText(sandbox.image)}),
      gpu: sandbox.gpu === true,
      network: sandbox.network === true,
      secrets: list(sandbox.secrets),
      pass: list(sandbox.pass),
      expose: new Map(Object.entries(map(sandbox.expose)).map(([folder, path]) => [folder, asText(path)])),
    },
    resources: Object.fromEntries(
      Object.entries(resources).map(([key, value]) => [key === 'gpu-name' ? 'gpuName' : key, asText(value)]),
    ),
    logins: (Array.isArray(document.logins) ? (document.logins as Json[]) : []).map(map).map((login) => ({
      oneOf: list(login['one-of']),
      ...(login.for === undefined ? {} : {for: asText(login.for)}),
      ...(login.unless === undefined ? {} : {unless: asText(login.unless)}),
    })),
    ...(document.doctor === undefined
      ? {}
      : {doctor: {run: list(map(document.doctor).run) as unknown as Argv, for: list(map(document.doctor).for)}}),
    ...(document.cache === undefined ? {} : {cache: asText(document.cache)}),
    ...(bill.path === undefined
      ? {}
      : {
          bill: {
            path: asText(bill.path),
            ...(bill['usd-per-hour'] === undefined ? {} : {usdPerHour: asText(bill['usd-per-hour'])}),
          },
        }),
    uses: typeof document.uses === 'string' ? [document.uses] : list(document.uses),
    doneWhen: (document['done-when'] as DoneWhen[] | undefined) ?? ['exited-0'],
    outputs: Object.entries(map(document.outputs)).map(([output, value]) =>
      isObject(value)
        ? {
            name: output,
            path: asText(value.path),
            optional: value.optional === true,
            ...(value.schema === undefined ? {} : {schema: asText(value.schema)}),
          }
        : {name: output, path: asText(value), optional: false},
    ),
    retry: {
      on: list(retry.on) as FailureClass[],
      times: typeof retry.times === 'number' ? retry.times : 0,
      ...(retry.backoff === undefined ? {} : {backoff: asText(retry.backoff)}),
      with: new Map(
        Object.entries(map(retry.with)).map(([name, value]) => [
          name,
          Array.isArray(value) ? (value as readonly Json[]).map(asText) : [asText(value)],
        ]),
      ),
    },
    files,
    source,
  };
}
