import {readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {byCodeUnit} from '../base/canonical.js';
import {fail, ok, type Place, type Result} from '../base/issue.js';
import {decode} from './decode.js';
import type {Located} from './located.js';
import {parseYaml} from './yaml.js';

/** More than any hand writes; the parser would take minutes over a data file. */
const MAX_BYTES = 1_000_000;

/** The project's files, as far as the loader looks at them. All paths are relative to the pipeline's folder. */
export type Files = {
  /** A YAML file with its places; `at` is where the file is asked for. */
  readonly yaml: (path: string, at: Place) => Result<Located>;
  /** What a message calls the file. */
  readonly shown: (path: string) => string;
  readonly isFile: (path: string) => boolean;
  readonly isFolder: (path: string) => boolean;
  readonly isExecutable: (path: string) => boolean;
  /** Names in a folder, sorted; none where there is no such folder. */
  readonly list: (path: string) => readonly string[];
  /** All files below a folder, sorted. Links to folders are not followed. */
  readonly below: (path: string) => readonly string[];
  /** The texts that were read, by the name that messages give them. */
  readonly sources: ReadonlyMap<string, string>;
};

export function projectFiles(pipelineFile: string): Files {
  const folder = dirname(pipelineFile);
  const root = resolve(folder);
  const sources = new Map<string, string>();
  const stat = (path: string) => {
    try {
      return statSync(join(root, path), {throwIfNoEntry: false});
    } catch {
      return undefined; // Below a file, too long, or no name at all: there is no such thing.
    }
  };
  const shown = (path: string): string => join(folder, path);
  return {
    sources,
    shown,
    isFile: (path) => stat(path)?.isFile() ?? false,
    isFolder: (path) => stat(path)?.isDirectory() ?? false,
    isExecutable: (path) => ((stat(path)?.mode ?? 0) & 0o111) !== 0,
    list: (path) => (stat(path)?.isDirectory() ? readdirSync(join(root, path)).sort(byCodeUnit) : []),
    below: (path) =>
      readdirSync(join(root, path), {withFileTypes: true, recursive: true})
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .filter((file) => stat(file)?.isFile())
        .sort(byCodeUnit),
    yaml: (path, at) => {
      const name = shown(path);
      const bytes = readBytes(join(root, path), name, at);
      if (!bytes.ok) return bytes;
      const {text, issues} = decode(name, bytes.value);
      sources.set(name, text);
      return issues.length > 0 ? {ok: false, issues} : parseYaml(name, text);
    },
  };
}

function readBytes(file: string, shown: string, at: Place): Result<Uint8Array> {
  const missing = (problem: string): Result<never> => fail({code: 'missing-file', message: `${shown} ${problem}`, at});
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return missing(stat.isDirectory() ? 'is a folder' : 'is not a file');
    if (stat.size > MAX_BYTES) {
      const message = `${shown} is ${(stat.size / 1e6).toFixed(1)} MB large`;
      return fail({
        code: 'bad-yaml',
        message,
        at,
        hint: `at most ${MAX_BYTES / 1e6} MB is read; is it the right file?`,
      });
    }
    return ok(readFileSync(file));
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return missing('does not exist');
      case 'EACCES':
        return missing('may not be read by this user');
      case 'ENAMETOOLONG':
        return missing('is too long for a file name');
      default:
        throw error;
    }
  }
}
