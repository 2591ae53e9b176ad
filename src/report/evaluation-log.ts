import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {strFromU8, unzipSync} from 'fflate';
import {isObject, type Json, type JsonObject} from '../base/json.js';
import {list} from '../store/write.js';

/** Larger logs are not opened, and of one that unpacks to more the items are not read. In bytes. */
const LARGEST_LOG = 64_000_000;
const LARGEST_UNPACKED = 500_000_000;

/** One item as it was answered; null for what the log does not tell. Without its text: a site of test items would end up in training data. */
export type LoggedItem = {
  readonly id: string;
  readonly isRight: boolean | null;
  readonly tokens: number | null;
  readonly stop: string;
};

export type EvaluationLog = {
  readonly file: string;
  readonly status: string;
  readonly error: string | null;
  readonly items: readonly LoggedItem[];
  /** Items whose answer broke off with an error. */
  readonly errors: number;
};

/** The newest log of inspect-ai in a folder, a zip of JSON files; null where there is none that can be read. */
export function readEvaluationLog(folder: string): EvaluationLog | null {
  const name = list(folder).findLast((one) => one.endsWith('.eval'));
  if (name === undefined) return null;
  const file = join(folder, name);
  const found = statSync(file, {throwIfNoEntry: false});
  if (!found?.isFile() || found.size > LARGEST_LOG) return null;
  const parts = unpack(readFileSync(file));
  const header = parts?.get('header.json');
  if (!parts || !isObject(header)) return null;
  const samples = [...parts].flatMap(([path, value]) =>
    path.startsWith('samples/') && isObject(value) ? [value] : [],
  );
  return {
    file: name,
    status: textOf(header.status),
    error: isObject(header.error) ? textOf(header.error.message) : null,
    items: samples.map(itemOf),
    errors: samples.filter(({error}) => isObject(error)).length,
  };
}

/** Undefined for what is no whole zip. A member that is no JSON is left out. */
function unpack(data: Uint8Array): Map<string, Json> | undefined {
  let left = LARGEST_UNPACKED;
  const isWanted = ({name, originalSize}: {readonly name: string; readonly originalSize: number}): boolean => {
    if (name !== 'header.json' && !/^samples\/[^/]+\.json$/.test(name)) return false;
    left -= originalSize;
    return left >= 0;
  };
  let members;
  try {
    members = unzipSync(data, {filter: isWanted});
  } catch {
    return undefined; // whatever an archive can be damaged by
  }
  return new Map(
    Object.entries(members).flatMap(([name, content]) => {
      try {
        return [[name, JSON.parse(strFromU8(content)) as Json] as const];
      } catch (error) {
        if (error instanceof SyntaxError) return [];
        throw error;
      }
    }),
  );
}

function itemOf(sample: JsonObject): LoggedItem {
  const output = isObject(sample.output) ? sample.output : {};
  const [choice] = Array.isArray(output.choices) ? (output.choices as readonly Json[]) : [];
  const tokens = isObject(output.usage) ? output.usage.output_tokens : undefined;
  const values = Object.values(isObject(sample.scores) ? sample.scores : {}).map((score) =>
    isObject(score) ? score.value : undefined,
  );
  return {
    id: textOf(sample.id),
    isRight: values.length === 0 ? null : values.every((value) => value === 'C' || value === 1),
    tokens: typeof tokens === 'number' ? tokens : null,
    stop: isObject(sample.error) ? 'error' : isObject(choice) ? textOf(choice.stop_reason) : '',
  };
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
