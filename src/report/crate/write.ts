import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {sha256} from '../../base/canonical.js';
import {readJson, writeJson, writeWhole} from '../../store/write.js';
import type {SiteData, SiteStep} from '../site/model.js';
import {csvTable} from '../table.js';
import {tableJson} from '../table-json.js';
import {crateOf, RECORD, type Copied, type CrateOptions} from './crate.js';

const METADATA = 'ro-crate-metadata.json';
/** Outputs beyond this stay where they are, in bytes. */
const LARGEST_COPY = 5_000_000;

/** The folder holds something that is no crate of ours. */
export class NoCrate extends Error {}

export type CrateSources = {
  readonly root: string;
  /** The pipeline's file, and what else of the project belongs to it: relative to the root. */
  readonly workflow: string;
  readonly project: readonly string[];
  readonly lock: string | undefined;
};

/** Writes the crate into a new or empty folder, or over an earlier crate. Raises NoCrate. */
export function writeCrate(out: string, data: SiteData, sources: CrateSources, options: CrateOptions): void {
  clear(out);
  const copy = (from: string, path: string): Copied => {
    const content = readFileSync(from);
    mkdirSync(dirname(join(out, path)), {recursive: true});
    cpSync(from, join(out, path));
    return {path, from, sha256: sha256(content), bytes: content.length};
  };
  const write = (path: string, text: string, title: string): Copied & {title: string} => {
    writeWhole(join(out, path), text);
    return {path, from: join(out, path), sha256: sha256(text), bytes: Buffer.byteLength(text), title};
  };
  const {root, workflow, lock} = sources;
  copy(join(root, workflow), basename(workflow));
  const project = new Map(
    sources.project
      .filter((path) => statSync(join(root, path), {throwIfNoEntry: false})?.isFile())
      .map((path) => [path, copy(join(root, path), `project/${path}`)]),
  );
  const outputs = new Map(data.steps.map((step) => [step.id, copyOutputs(step, copy)]));
  const tables = [
    write('scores.json', `${JSON.stringify(tableJson(data.table), null, 2)}\n`, 'the averaged table, and every cell'),
    write('scores.csv', csvTable(data.table), 'the averaged table'),
  ];
  const whole =
    lock === undefined
      ? tables
      : [...tables, {...copy(join(root, lock), basename(lock)), title: 'versions of models and data'}];
  const files = {workflow: basename(workflow), project, outputs: (step: SiteStep) => outputs.get(step.id)!, whole};
  writeJson(join(out, METADATA), crateOf(data, files, options));
}

/** Outputs that are one small file, and the result's record. */
function copyOutputs(
  {result, stage}: SiteStep,
  copy: (from: string, path: string) => Copied,
): ReadonlyMap<string, Copied> {
  if (!result) return new Map();
  const folder = `results/${stage}/${basename(result.dir)}`;
  const small = Object.keys(result.record.outputs).filter((name) => {
    const found = statSync(join(result.dir, 'out', name), {throwIfNoEntry: false});
    return found?.isFile() === true && found.size <= LARGEST_COPY;
  });
  return new Map([
    [RECORD, copy(join(result.dir, RECORD), `${folder}/${RECORD}`)],
    ...small.map((name) => [name, copy(join(result.dir, 'out', name), `${folder}/${name}`)] as const),
  ]);
}

function clear(out: string): void {
  if (existsSync(out) && readdirSync(out).length > 0) {
    if (readJson(join(out, METADATA)) === undefined) {
      throw new NoCrate(`${out} holds something else; name a folder that is new, empty, or an earlier crate`);
    }
    for (const name of ['results', 'project']) rmSync(join(out, name), {recursive: true, force: true});
  }
  mkdirSync(out, {recursive: true});
}
