import type {Brand} from '../base/brand.js';
import {byCodeUnit, canonical, sha256, type Digest} from '../base/canonical.js';
import type {JsonObject} from '../base/json.js';
import type {Argv} from '../base/argv.js';
import type {Stage} from '../config/stage.js';
import type {Step, StepId} from '../graph/step.js';

export type StepKey = Brand<string, 'StepKey'>;

/** Content digest of each output, by the base name under which downstream steps find it. */
export type OutputDigests = {readonly [output: string]: Digest};

/** What a need came to: the digests taken, per upstream step where several are gathered; null for one that failed. */
export type NeedDigests = OutputDigests | {readonly [step: string]: OutputDigests | null} | null;

/**
 * Everything that can change a step's answer, and nothing else: no executor, no retries, no paths, no clocks, no secrets.
 * Of the resources only the GPUs' count, and the time where its end is an end (`done-when: timed-out`).
 */
export type KeyDoc = {
  /** Raise when the meaning of any field changes: old results then count as never-ran, not as wrong hits. */
  readonly schema: 1;
  readonly stage: JsonObject;
  readonly axes: {readonly [axis: string]: string};
  readonly fields: JsonObject;
  /** Versions that the lock sets; absent where it sets none. */
  readonly pins?: {readonly [name: string]: string};
  /** Scripts and `reads`, by project path; without those declared `keyed: false`. An image that is a file: `sandbox.image`. */
  readonly files: {readonly [path: string]: Digest};
  readonly needs: {readonly [stage: string]: NeedDigests};
};

/** Of the parts of documents that steps share: thousands of documents differ in a few words only. */
const texts = new WeakMap<object, string>();

export function keyOf(doc: KeyDoc): StepKey {
  for (const part of [doc.stage, doc.fields, doc.files]) if (!texts.has(part)) texts.set(part, canonical(part));
  return sha256(canonical(doc, texts)) as string as StepKey;
}

/** Digests of what an upstream step left, or null when it failed. */
export type Upstream = (id: StepId) => OutputDigests | null;

/** What a document says of its stage as a step declares it; steps that declare the same share it. */
type Declaration = Pick<KeyDoc, 'stage' | 'fields' | 'pins'>;

const declarations = new WeakMap<Step['spec'], Declaration>();

function declarationOf({stage, spec}: Step): Declaration {
  const known = declarations.get(spec);
  if (known !== undefined) return known;
  const pins = Object.fromEntries([...spec.pins].flatMap(([name, pin]) => (pin === undefined ? [] : [[name, pin]])));
  const declaration: Declaration = {
    stage: {
      name: stage.name,
      prepare: stage.prepare ?? null,
      run: stage.run ?? null,
      image: spec.image.kind === 'oci' ? spec.image.digest : null,
      gpus: spec.resources.gpus,
      network: stage.sandbox.network,
      'done-when': [...stage.doneWhen].sort(),
      ...(stage.doneWhen.includes('timed-out') ? {seconds: spec.resources.seconds ?? null} : {}),
      // Not how often it is tried, but what an attempt may be handed.
      ...(spec.retry.with.size > 0 ? {with: Object.fromEntries(spec.retry.with)} : {}),
      outputs: Object.fromEntries(
        stage.outputs.map(({name, path, optional, schema}) => [name, {path, optional, schema: schema ?? null}]),
      ),
    },
    fields: Object.fromEntries([...spec.fields].filter(([path]) => !spec.unkeyed.has(path))),
    ...(Object.keys(pins).length > 0 ? {pins} : {}),
  };
  declarations.set(spec, declaration);
  return declaration;
}

export function keyDoc(step: Step, files: KeyDoc['files'], upstream: Upstream): KeyDoc {
  return {
    schema: 1,
    ...declarationOf(step),
    axes: step.at,
    files,
    needs: Object.fromEntries(
      step.needs.map(({need, gathers, steps}) => {
        const taken = (id: StepId): OutputDigests | null => take(upstream(id), need.take);
        return [
          need.stage,
          gathers ? Object.fromEntries(steps.map((id) => [unordered(id), taken(id)])) : taken(steps[0]!),
        ];
      }),
    ),
  };
}

/** What a stage declared of its command and outputs when a key was made. */
export type Declared = Pick<Stage, 'name' | 'run' | 'doneWhen' | 'outputs'>;

/** The way back from a key document: an attempt is judged by what its stage said when it was made. */
export function declaredIn({stage}: KeyDoc): Declared {
  const {name, run, outputs, ...rest} = stage as {
    readonly name: string;
    readonly run: Argv | null;
    readonly 'done-when': Stage['doneWhen'];
    readonly outputs: {readonly [output: string]: {path: string; optional: boolean; schema: string | null}};
  };
  return {
    name,
    ...(run === null ? {} : {run}),
    doneWhen: rest['done-when'],
    outputs: Object.entries(outputs).map(([output, {path, optional, schema}]) => ({
      name: output,
      path,
      optional,
      ...(schema === null ? {} : {schema}),
    })),
  };
}

/** A step's id whatever the order of the matrix' axes. */
export function unordered(id: StepId): string {
  const [stage, axes] = id.split(':') as [string, string?];
  return axes === undefined ? stage : `${stage}:${axes.split(',').sort(byCodeUnit).join(',')}`;
}

/** An optional output that was not made is not there to take. */
function take(outputs: OutputDigests | null, names: readonly string[] | undefined): OutputDigests | null {
  if (outputs === null || names === undefined) return outputs;
  return Object.fromEntries(names.flatMap((name) => (outputs[name] === undefined ? [] : [[name, outputs[name]]])));
}
