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

export const keyOf = (doc: KeyDoc): StepKey => sha256(canonical(doc)) as string as StepKey;

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
  return {...sharedOf(step, files), axes: step.at, needs: needsOf(step, upstream)};
}

/** The parts of a document that many steps have in common. */
const sharedOf = (step: Step, files: KeyDoc['files']): Omit<KeyDoc, 'axes' | 'needs'> => ({
  schema: 1,
  ...declarationOf(step),
  files,
});

function needsOf(step: Step, upstream: Upstream): KeyDoc['needs'] {
  const needs: Record<string, NeedDigests> = {};
  for (const {need, gathers, steps} of step.needs) {
    const taken = (id: StepId): OutputDigests | null => take(upstream(id), need.take);
    needs[need.stage] = gathers ? Object.fromEntries(steps.map((id) => [unordered(id), taken(id)])) : taken(steps[0]!);
  }
  return needs;
}

/** Canonical documents around their axes and their needs, by what is shared of them. */
const frames = new WeakMap<Step['spec'], {readonly files: KeyDoc['files']; readonly texts: readonly string[]}>();

/** What stands in a frame for the axes, and for the needs; NUL is in no JSON text. */
const GAP = {};
const IN_GAPS = new WeakMap<object, string>([[GAP, '\0']]);

function frameOf(step: Step, files: KeyDoc['files']): readonly string[] {
  const known = frames.get(step.spec);
  if (known?.files === files) return known.texts;
  const texts = canonical({...sharedOf(step, files), axes: GAP, needs: GAP}, IN_GAPS).split('\0');
  frames.set(step.spec, {files, texts});
  return texts;
}

/** The key of a step's document, which is not made for it: thousands of documents differ in a few words only. */
export function stepKey(step: Step, files: KeyDoc['files'], upstream: Upstream): StepKey {
  const [before, between, after] = frameOf(step, files);
  const text = `${before}${canonical(step.at)}${between}${canonical(needsOf(step, upstream))}${after}`;
  return sha256(text) as string as StepKey;
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
