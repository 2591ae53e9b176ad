import {chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import picomatch from 'picomatch';
import type {Place} from '../base/issue.js';
import {byCodeUnit, sha256, type Digest} from '../base/canonical.js';
import type {Read} from '../graph/spec.js';
import type {Step} from '../graph/step.js';
import type {KeyDoc} from '../plan/key.js';
import type {FileDigests} from '../plan/plan.js';
import type {ImageDigests} from './images.js';
import {isFile} from './write.js';

/**
 * The project files of steps. What is digested here is what a step is handed: an edit while a job waits in a queue
 * changes nothing for that job.
 */
export class ProjectFiles {
  readonly #digests = new Map<string, Digest>();
  #bySpec = new WeakMap<Step['spec'], KeyDoc['files']>();
  readonly #bySteps = new Map<string, KeyDoc['files']>();
  readonly #matches = new Map<string, readonly string[]>();

  constructor(
    readonly root: string,
    private readonly images: ImageDigests,
  ) {}

  readonly digests: FileDigests = (step) => {
    const known = this.#bySpec.get(step.spec);
    if (known !== undefined) return known;
    const digests = this.#digestsOf(step);
    this.#bySpec.set(step.spec, digests);
    return digests;
  };

  #digestsOf(step: Step): KeyDoc['files'] {
    // Steps of a stage mostly read the same files: one object for all of them.
    const shared = [
      step.stage.name,
      JSON.stringify(step.spec.image),
      ...step.spec.reads.map(({path, keyed}) => `${path} ${keyed}`),
    ].join('\n');
    let digests = this.#bySteps.get(shared);
    if (digests === undefined) {
      const gone = this.missing(step)[0];
      if (gone) throw new FileGone(gone.path, gone.at);
      digests = Object.fromEntries(this.#keyed(step).map((path) => [path, this.#digest(path, step)]));
      const {image} = step.spec;
      if (image.kind === 'file') digests = {...digests, 'sandbox.image': this.images.of(image.path)};
      this.#bySteps.set(shared, digests);
    }
    return digests;
  }

  /** Scripts and `reads` of a step, globs expanded, sorted. */
  of(step: Step): string[] {
    return this.#list(step, step.spec.reads);
  }

  /** Those of them that enter the key; a file named both ways does. */
  #keyed(step: Step): string[] {
    return this.#list(
      step,
      step.spec.reads.filter(({keyed}) => keyed),
    );
  }

  #list({stage}: Step, reads: readonly Read[]): string[] {
    return [...new Set([...stage.files, ...reads.flatMap(({path}) => this.#expand(path))])].sort(byCodeUnit);
  }

  /** Declared paths that name nothing. A glob may match nothing. */
  missing(step: Step): Read[] {
    return step.spec.reads.filter(({path}) => !isGlob(path) && this.#expand(path).length === 0);
  }

  /** Copies a step's files below `target`, read-only, executable where they were. */
  snapshot(step: Step, target: string): void {
    for (const path of this.of(step)) {
      const content = this.#read(path, step);
      if (sha256(content) !== this.#digest(path, step)) throw new FileChanged(path);
      const copy = join(target, path);
      mkdirSync(dirname(copy), {recursive: true});
      writeFileSync(copy, content);
      chmodSync(copy, statSync(join(this.root, path)).mode & 0o111 ? 0o555 : 0o444);
    }
  }

  /** Digests are taken anew: a file was edited since. */
  forget(): void {
    this.#digests.clear();
    this.#bySpec = new WeakMap();
    this.#bySteps.clear();
    this.#matches.clear();
  }

  #digest(path: string, step: Step): Digest {
    let digest = this.#digests.get(path);
    if (digest === undefined) {
      digest = sha256(this.#read(path, step));
      this.#digests.set(path, digest);
    }
    return digest;
  }

  #read(path: string, {spec}: Step): Buffer {
    try {
      return readFileSync(join(this.root, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new FileGone(path, spec.reads.find((read) => read.path === path)?.at);
    }
  }

  #expand(read: string): readonly string[] {
    let paths = this.#matches.get(read);
    if (paths === undefined) {
      paths = isGlob(read) ? glob(this.root, read) : isFile(join(this.root, read)) ? [read] : [];
      this.#matches.set(read, paths);
    }
    return paths;
  }
}

/** A project file was edited between the verdict on a step and its start. */
export class FileChanged extends Error {
  constructor(readonly path: string) {
    super(`${path} was edited while the run was under way; run again`);
  }
}

/** A project file that was there when the pipeline was read is there no more. */
export class FileGone extends Error {
  /** `at`: where a stage names it, unless it is one of the stage's own scripts. */
  constructor(path: string, at: Place | undefined) {
    const named = at === undefined ? '' : `, which ${at.file}:${at.line} names,`;
    super(`${path}${named} was deleted while the run was under way; put it back and run again`);
  }
}

const isGlob = (path: string): boolean => /[*?[{]|[!+@]\(/.test(path);

/** Files below the glob's fixed folders that match it; caches and dot files never do. */
function glob(root: string, pattern: string): string[] {
  const parts = pattern.split('/');
  const fixed = parts.slice(0, parts.findIndex(isGlob)).join('/');
  const base = join(root, fixed);
  if (!statSync(base, {throwIfNoEntry: false})?.isDirectory()) return [];
  const matches = picomatch(pattern);
  return readdirSync(base, {withFileTypes: true, recursive: true})
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.') || part === '__pycache__'))
    .filter((path) => matches(path));
}
