import {mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {asText, isObject, type Json} from '../base/json.js';
import {parseYaml} from '../config/yaml.js';
import {describeAxes, type Axes} from '../matrix/cell.js';
import {readText, writeWhole} from './write.js';

/** What a person decided about an audit, against it or with it. */
export type Override = {
  readonly cell: Axes;
  readonly verdict: 'clean' | 'flagged';
  readonly because: string;
  /** user@host. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly when: string;
  /** The work that the person looked at. */
  readonly work: string;
};

/** What people decided, and sentences on files that cannot be read. */
export type Overrides = {readonly overrides: readonly Override[]; readonly problems: readonly string[]};

/** The folder, beside pipeline.yaml: overrides are committed with the project, and outlive `runs/`. */
export const OVERRIDES = 'audits';

/** Every `*.yaml` of the folder; none where there is no folder. */
export function readOverrides(folder: string): Overrides {
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const name of names(folder)) {
    const override = asOverride(valueIn(folder, name));
    if (override) overrides.push(override);
    else problems.push(`${OVERRIDES}/${name} is no override, and decides nothing: write it with ptb audit override`);
  }
  return {overrides, problems};
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Far above what a person has to say. In bytes. */
const LARGEST = 1 << 20;

function valueIn(folder: string, name: string): Json | undefined {
  const read = parseYaml(join(folder, name), readText(join(folder, name), LARGEST) ?? '');
  return read.ok ? read.value.value : undefined;
}

function asOverride(value: Json | undefined): Override | undefined {
  if (!isObject(value)) return undefined;
  const {cell, verdict, because, by, when, work} = value;
  const isText = (one: unknown): one is string => typeof one === 'string' && one.trim() !== '';
  if (!isObject(cell) || Object.keys(cell).length === 0) return undefined;
  if (verdict !== 'clean' && verdict !== 'flagged') return undefined;
  if (!isText(because) || !isText(by) || !isText(when) || !isText(work)) return undefined;
  // YAML reads 10 as a number; an axis value is text.
  const axes = Object.fromEntries(Object.entries(cell).map(([axis, one]) => [axis, asText(one)]));
  return {cell: axes, verdict, because, by, when, work};
}

/** Answers the file's name. A later override of the same cell takes the place of the earlier: the history is git's. */
export function writeOverride(folder: string, override: Override, said: {readonly [key: string]: unknown}): string {
  mkdirSync(folder, {recursive: true});
  const name = `${describeAxes(override.cell)}.yaml`;
  const head = "# A person's verdict on an audit, written by ptb audit override. Commit it.\n";
  writeWhole(join(folder, name), head + stringify({...override, said}, {lineWidth: 100}));
  return name;
}
