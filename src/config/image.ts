import {isAbsolute, join} from 'node:path';

/** What a job's system consists of. */
export type Image =
  /** The machine's own system folders, read-only. */
  | {readonly kind: 'host'}
  /** A SIF file, by its absolute path. */
  | {readonly kind: 'file'; readonly path: string}
  /** An OCI image: what the registry, or the local store, calls it, with its digest. */
  | {readonly kind: 'oci'; readonly reference: string; readonly digest: string}
  /** A SIF file that a stage makes: for the steps that need this stage. */
  | {readonly kind: 'output'; readonly stage: string; readonly output: string};

export type Unclear = {readonly kind: 'unclear'; readonly message: string; readonly hint: string};

export const HOST = {kind: 'host'} as const satisfies Image;

const FORMS =
  'host, ./FILE.sif, /FILE.sif, docker://NAME@sha256:…, or STAGE/OUTPUT, for instance environment/image.sif';

/** Reads `sandbox.image`. `root`: what a path beginning with ./ is relative to. */
export function parseImage(text: string, root: string): Image | Unclear {
  if (text === 'host') return HOST;
  const oci = /^docker:\/\/(.+)$/.exec(text)?.[1];
  if (oci !== undefined) return parseReference(oci);
  if (/^\.?\/.*\.sif$/.test(text)) return {kind: 'file', path: isAbsolute(text) ? text : join(root, text)};
  const output = /^([a-z][a-z0-9-]*)\/([^/]+)$/.exec(text);
  if (output) return {kind: 'output', stage: output[1]!, output: output[2]!};
  return {kind: 'unclear', message: `an image cannot be "${text}"`, hint: FORMS};
}

function parseReference(reference: string): Image | Unclear {
  const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
  if (digest !== undefined) return {kind: 'oci', reference, digest};
  const name = reference.replace(/@.*$/, '');
  return {
    kind: 'unclear',
    message: `image "docker://${reference}" can change without notice: it has no digest`,
    hint: `pin it as docker://${name.replace(/:[^:/]*$/, '')}@sha256:…; the digest is what "skopeo inspect --format {{.Digest}} docker://${name}" or "docker buildx imagetools inspect ${name}" prints`,
  };
}
