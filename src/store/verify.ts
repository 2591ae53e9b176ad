import {lstatSync, mkdirSync, readdirSync, renameSync} from 'node:fs';
import {basename, join} from 'node:path';
import {byCodeUnit, sha256} from '../base/canonical.js';
import {asText, isObject, parseJson, type Json} from '../base/json.js';
import {keyOf} from '../plan/key.js';
import {digestTree, type Manifest} from './digest.js';
import {GENESIS} from './journal.js';
import type {Runs} from './paths.js';
import {digestsOf, readResult, type ResultRecord} from './result.js';
import {list, readJson, readText} from './write.js';

/** Something that is not as it was committed. `file` is what to look at; `result` the folder that no longer counts. */
export type Damage = {readonly file: string; readonly message: string; readonly result?: string};

/** Checks every result against its record, and the records against the journals. */
export async function verify(runs: Runs): Promise<{readonly results: number; readonly damages: readonly Damage[]}> {
  const damages: Damage[] = [];
  const journals = readJournals(runs.journal);
  damages.push(...journals.damages);
  let results = 0;
  for (const stage of list(runs.results)) {
    for (const folder of list(join(runs.results, stage))) {
      results++;
      damages.push(...(await verifyResult(join(runs.results, stage, folder), journals.committed)));
    }
  }
  return {results, damages};
}

/** Moves the damaged results aside, so that their steps run again. Nothing is deleted. */
export function repair(runs: Runs, damages: readonly Damage[]): string[] {
  const folders = [...new Set(damages.flatMap(({result}) => result ?? []))];
  return folders.map((folder) => {
    const stage = basename(join(folder, '..'));
    const aside = join(runs.attempts, stage, basename(folder));
    mkdirSync(aside, {recursive: true});
    const numbers = readdirSync(aside).flatMap((name) => (name.startsWith('damaged-') ? [Number(name.slice(8))] : []));
    const target = join(aside, `damaged-${Math.max(0, ...numbers) + 1}`);
    renameSync(folder, target);
    return target;
  });
}

async function verifyResult(dir: string, committed: Committed): Promise<Damage[]> {
  const damage = (file: string, message: string): Damage => ({file, message, result: dir});
  const file = join(dir, 'result.json');
  const record = readResult(dir);
  if (!record) return [damage(file, 'is missing, cut off or not a result')];
  if (keyOf(record.doc) !== record.key || !dir.endsWith(record.key.slice(0, 12))) {
    return [damage(file, 'its key is not that of its key document')];
  }
  const found: Damage[] = [];
  const known = committed.get(`${record.key}/${record.attempt}`);
  if (known && JSON.stringify(known) !== JSON.stringify(digestsOf(record))) {
    found.push(damage(file, 'its output digests are not those that the journal has'));
  }
  const manifests = readJson(join(dir, 'manifest.json'));
  for (const [name, {digest}] of Object.entries(record.outputs)) {
    found.push(...(await verifyOutput(join(dir, 'out', name), digest, manifestOf(manifests, name), damage)));
  }
  const extra = list(join(dir, 'out')).filter((name) => !Object.hasOwn(record.outputs, name));
  return [
    ...found,
    ...extra.map((name) => damage(join(dir, 'out', name), 'was not there when the result was committed')),
  ];
}

const manifestOf = (manifests: Json | undefined, name: string): Manifest =>
  (isObject(manifests) && isObject(manifests[name]) ? manifests[name] : {}) as Manifest;

async function verifyOutput(
  path: string,
  digest: ResultRecord['outputs'][string]['digest'],
  before: Manifest,
  damage: (file: string, message: string) => Damage,
): Promise<Damage[]> {
  if (!lstatSync(path, {throwIfNoEntry: false})) return [damage(path, 'is missing')];
  const now = await digestTree(path, 'keep');
  if (now.digest === digest) return [];
  if (Object.keys(before).length === 0) return [damage(path, 'was changed')];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now.manifest)])].sort(byCodeUnit);
  const changed = names.filter((name) => before[name] !== now.manifest[name]);
  if (changed.length === 0) return [damage(path, 'is not what was committed')];
  return changed.map((name) =>
    damage(
      path + name,
      before[name] === undefined ? 'was added' : now.manifest[name] === undefined ? 'is missing' : 'was changed',
    ),
  );
}

/** Key and attempt to the output digests that a journal recorded. */
type Committed = ReadonlyMap<string, {readonly [output: string]: string}>;

function readJournals(dir: string): {readonly committed: Committed; readonly damages: readonly Damage[]} {
  const committed = new Map<string, {readonly [output: string]: string}>();
  const damages: Damage[] = [];
  for (const name of list(dir)) {
    const file = join(dir, name);
    const lines = (readText(file) ?? '').split('\n');
    // A controller that was killed while it wrote leaves a last line without its newline: no record, and no damage.
    lines.pop();
    let previous: string = GENESIS;
    for (const [n, line] of lines.entries()) {
      const record = parse(line);
      if (record?.previous !== previous) {
        damages.push({file, message: `line ${n + 1} does not follow from the line before it: the journal was edited`});
        break;
      }
      previous = sha256(line);
      if (typeof record.key === 'string' && isObject(record.outputs)) {
        committed.set(`${record.key}/${asText(record.attempt)}`, record.outputs as {readonly [output: string]: string});
      }
    }
  }
  return {committed, damages};
}

function parse(line: string): {readonly [key: string]: Json} | undefined {
  const value = parseJson(line);
  return isObject(value) ? value : undefined;
}
