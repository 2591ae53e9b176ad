import {basename} from 'node:path';
import type {Issue, Place} from '../base/issue.js';
import {member, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {HOST, parseImage, type Image} from './image.js';
import {placeOf, pointer, type Located} from './located.js';
import type {SandboxKind, SandboxSettings} from './pipeline.js';
import type {Stage} from './stage.js';

/** Typed view of `sandbox` with its defaults, in a project at `root`. */
export function sandboxOf(value: Json | undefined, root: string): SandboxSettings {
  const text = member(value, 'image');
  const image = typeof text === 'string' ? parseImage(text, root) : HOST;
  return {
    use: (member(value, 'use') ?? 'bwrap') as SandboxKind,
    image: image.kind === 'unclear' ? HOST : image,
    expose: (member(value, 'expose') ?? []) as unknown as readonly string[],
  };
}

/** What each kind of sandbox can run. */
const RUNS: Readonly<Record<SandboxKind, readonly Image['kind'][]>> = {
  apptainer: ['host', 'file', 'oci', 'output'],
  bwrap: ['host'],
  docker: ['oci'],
  none: ['host'],
  podman: ['host', 'oci'],
};

/** What is wrong with an image's text: its form, a stage that does not make it, a sandbox that cannot run it. */
export function imageIssues(
  text: string,
  root: string,
  use: SandboxKind,
  at: Place,
  stages: readonly Stage[],
  isBroken: (stage: string) => boolean = () => false,
): Issue[] {
  const image = parseImage(text, root);
  if (image.kind === 'unclear') return [{code: 'bad-value', message: image.message, at, hint: image.hint}];
  if (image.kind === 'output' && !isBroken(image.stage)) {
    const stage = stages.find(({name}) => name === image.stage);
    const names = stages.map(({name}) => name);
    const outputs = stage?.outputs.map(({path}) => basename(path)) ?? [];
    const message = stage
      ? `stage "${stage.name}" has no output ${quoted(image.output)}`
      : `there is no stage ${quoted(image.stage)}`;
    const hint = stage ? suggest(image.output, outputs) : suggest(image.stage, names);
    if (!outputs.includes(image.output)) return [{code: 'unknown-value', message, at, hint}];
  }
  if (RUNS[use].includes(image.kind)) return [];
  return [{code: 'clash', message: `sandbox "${use}" cannot run the image ${quoted(text)}`, at, hint: INSTEAD[use]}];
}

const INSTEAD: Readonly<Record<SandboxKind, string>> = {
  apptainer: '',
  bwrap: "use the machine's own system with sandbox.image=host, or another sandbox",
  docker: 'it runs docker://NAME@sha256:… only',
  none: 'without a sandbox there is no image: set sandbox.image=host',
  podman: 'it runs docker://NAME@sha256:… or host; SIF files are for apptainer',
};

/** Checks `sandbox.image` and `sandbox.expose` of the pipeline. */
export function checkSandbox(
  source: Located,
  root: string,
  stages: readonly Stage[],
  isBroken: (stage: string) => boolean,
): Issue[] {
  const sandbox = member(source.value, 'sandbox');
  const use = (member(sandbox, 'use') ?? 'bwrap') as SandboxKind;
  const text = member(sandbox, 'image') ?? 'host';
  if (typeof text !== 'string') return [];
  const named = member(sandbox, 'image') !== undefined;
  return [
    ...imageIssues(text, root, use, placeOf(source, named ? '/sandbox/image' : '/sandbox'), stages, isBroken),
    ...checkExposed(source, sandboxOf(sandbox, root)),
  ];
}

/** What every job has of its own, so that the machine's folder of that name cannot be seen. */
const OF_THE_JOB = ['/tmp', '/work', '/ptb', '/home/ptb', '/proc', '/dev'];

/** Checks `sandbox.expose` of the pipeline. */
function checkExposed(source: Located, {use, expose}: SandboxSettings): Issue[] {
  if (use === 'none') return [];
  return expose.flatMap((path, n): Issue[] => {
    const own = OF_THE_JOB.find((folder) => path === folder || path.startsWith(`${folder}/`));
    if (own === undefined) return [];
    const message = `sandbox.expose names ${quoted(path)}, which no job can see: its ${own} is its own`;
    const at = placeOf(source, pointer('/sandbox/expose', n));
    return [{code: 'bad-value', message, at, hint: 'move it to another folder, or bind it there'}];
  });
}
