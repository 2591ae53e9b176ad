import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {chmod, readdir, rm} from 'node:fs/promises';
import {basename, join, sep} from 'node:path';
import {parseJson} from '../base/json.js';
import type {Output} from '../config/stage.js';
import {compile} from '../config/schemas.js';
import {digestTree, type Manifest} from './digest.js';
import type {AttemptPaths} from './paths.js';
import type {OutputRecord} from './result.js';

export type Collected =
  | {readonly kind: 'collected'; readonly outputs: {readonly [output: string]: OutputRecord}}
  | {readonly kind: 'refused'; readonly because: string};

/**
 * Takes the declared outputs of an ended attempt into `out/`, checks and digests them. Outputs that lie in another
 * output's folder are taken out first. May be repeated after an interruption.
 */
export async function collect(
  paths: AttemptPaths,
  outputs: readonly Output[],
  /** The declared schema's file in the snapshot. */
  schemaFile: (schema: string) => string,
): Promise<Collected> {
  mkdirSync(paths.out, {recursive: true});
  const inner = [...outputs].sort((a, b) => b.path.split('/').length - a.path.split('/').length);
  for (const output of inner) move(paths, output);

  const records: [string, OutputRecord][] = [];
  const manifests: [string, Manifest][] = [];
  for (const output of outputs) {
    const name = basename(output.path);
    const file = join(paths.out, name);
    const notMade = `output "${output.name}" (${output.path}) was declared and not made`;
    if (!lstatSync(file, {throwIfNoEntry: false})) {
      if (output.optional) continue;
      return {kind: 'refused', because: notMade};
    }
    const wrong = output.schema === undefined ? undefined : violates(file, schemaFile(output.schema));
    if (wrong !== undefined) return {kind: 'refused', because: `output "${output.name}" (${output.path}) ${wrong}`};
    const {removed, manifest, ...digested} = await digestTree(file);
    if (removed.includes('')) {
      if (output.optional) continue;
      return {kind: 'refused', because: `${notMade}: a socket, pipe or device is no output`};
    }
    // A file alone is named by its output.
    if (Object.keys(manifest).length > 1) manifests.push([name, manifest]);
    records.push([name, {...digested, ...(removed.length > 0 ? {removed} : {})}]);
  }
  // Not in result.json, which is read often: a folder of outputs may hold 100 000 files.
  if (manifests.length > 0) writeFileSync(paths.manifest, JSON.stringify(Object.fromEntries(manifests)));
  return {kind: 'collected', outputs: Object.fromEntries(records)};
}

function move(paths: AttemptPaths, {path}: Output): void {
  const target = join(paths.out, basename(path));
  if (lstatSync(target, {throwIfNoEntry: false})) return;
  for (const root of [paths.work, paths.made]) {
    const real = find(root, path);
    if (real === undefined) continue;
    // Renaming a folder writes its `..`.
    const stat = statSync(real);
    const {mode} = stat;
    if ((mode & 0o700) !== 0o700) chmodSync(real, mode | (stat.isDirectory() ? 0o700 : 0o400));
    renameSync(real, target);
    return;
  }
}

/**
 * Where an output really lies. A link stands for what it leads to, at the path's end or on its way, as long as that lies
 * in the same working directory: what the link was made to see, from outside the sandbox it would lead anywhere.
 */
function find(root: string, path: string): string | undefined {
  const source = join(root, path);
  if (!existsSync(source)) return undefined;
  const real = realpathSync.native(source);
  return real.startsWith(realpathSync.native(root) + sep) ? real : undefined;
}

/** Far above any record that a stage writes; a model is no JSON document. */
const MAX_JSON_BYTES = 64 << 20;

function violates(file: string, schemaFile: string): string | undefined {
  if (!statSync(file).isFile()) return 'is not a file';
  if (statSync(file).size > MAX_JSON_BYTES) return 'is larger than 64 MB';
  let validate;
  try {
    validate = compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);
  } catch (error) {
    return `cannot be checked: ${basename(schemaFile)} is no JSON Schema: ${(error as Error).message}`;
  }
  const text = readFileSync(file, 'utf8');
  const value = parseJson(text);
  if (value === undefined) return whyNot(text);
  if (validate(value)) return undefined;
  const first = validate.errors?.[0];
  return `does not satisfy ${basename(schemaFile)}: ${first?.instancePath || 'it'} ${first?.message ?? ''}`;
}

function whyNot(text: string): string {
  try {
    JSON.parse(text);
    return 'is nested deeper than any record';
  } catch (error) {
    return `is not JSON: ${(error as Error).message}`;
  }
}

/** Removes what no one takes: a result is its outputs and its logs. */
export async function dropWork({work, made, home, tmp, inputs}: AttemptPaths): Promise<void> {
  await removeAll([work, made, home, tmp, inputs]);
}

/** Removes from a sealed attempt what only its job needed: `result.json` says all of it that counts. */
export async function dropJob({script, job, step, claimed, redactor, exit}: AttemptPaths): Promise<void> {
  const files = [script, job, step, exit, `${claimed}/owner`, ...(existsSync(redactor) ? [redactor] : [])];
  // A folder in the place of one is the job's doing.
  const left = files.filter((file) => !isUnlinked(file));
  await Promise.all([removeAll([claimed]), ...left.map(removeTree)]);
}

function isUnlinked(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** What a job that began has removed itself. */
export function dropSecrets({secrets, forms}: AttemptPaths): void {
  for (const path of [secrets, forms]) rmSync(path, {force: true});
}

/** More entries than that are removed beside other work. */
const FEW_ENTRIES = 32;

/** Most are empty folders or small files: of those each is gone in microseconds, and waiting for a thread would take longer. */
async function removeAll(paths: readonly string[]): Promise<void> {
  const most = {entries: FEW_ENTRIES};
  const left = paths.filter((path) => !removeFew(path, most));
  await Promise.all(left.map(removeTree));
}

/** False when there is more, or what there is resists, or is no folder: then some may be left. */
function removeFew(path: string, most: {entries: number}): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    // A link, also one to a folder, is ENOTDIR: what it leads to is another's.
    if (code !== 'ENOTEMPTY') return false;
  }
  try {
    const folder = opendirSync(path);
    try {
      for (let entry = folder.readSync(); entry; entry = folder.readSync()) {
        if (most.entries-- <= 0) return false;
        const inner = `${path}/${entry.name}`;
        if (!entry.isDirectory()) unlinkSync(inner);
        else if (!removeFew(inner, most)) return false;
      }
    } finally {
      folder.closeSync();
    }
    rmdirSync(path);
    return true;
  } catch {
    return false; // closed to its own owner
  }
}

async function removeTree(path: string): Promise<void> {
  // As bytes, since a name may be no UTF-8.
  const remove = (): Promise<void> => rm(Buffer.from(path), {recursive: true, force: true, maxRetries: 3});
  try {
    await remove();
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await openFolders(Buffer.from(path));
    await remove();
  }
}

/** Folders that a script closed to its own owner can be entered and emptied again. */
async function openFolders(at: Buffer): Promise<void> {
  await chmod(at, 0o700);
  for (const entry of await readdir(at, {encoding: 'buffer', withFileTypes: true})) {
    if (entry.isDirectory()) await openFolders(Buffer.concat([at, Buffer.from(sep), entry.name]));
  }
}
