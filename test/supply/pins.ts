import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The files of the repository, by their paths. */
export const files = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);

/** A package of a requirements list. `hashes`: SHA-256 of each of its files. */
export type Pin = {readonly name: string; readonly version: string; readonly hashes: readonly string[]};

/** The lists of Python packages that are installed somewhere, by path. */
export const lists = (): Map<string, Pin[]> =>
  new Map(
    files('*.txt')
      .map((file) => [file, text(file)] as const)
      .filter(([, content]) => /^[\w.-]+(?:\[[\w, -]+\])?==/m.test(content))
      .map(([file, content]) => [file, pinsIn(content)]),
  );

/** Lines as pip reads them: comments gone, continued lines joined. */
const pinsIn = (content: string): Pin[] =>
  content
    .replaceAll(/(?:^|\s)#.*$/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const match = /^([\w.-]+)(?:\[[\w, -]+\])?==([^\s;]+)/.exec(line);
      return {
        name: match?.[1] ?? line,
        version: match?.[2] ?? '',
        hashes: [...line.matchAll(/--hash=sha256:([0-9a-f]{64})/g)].map(([, hash]) => hash!),
      };
    });

/** A file or an image that is fetched by its digest, and by nothing else. */
export type Download = {readonly from: string; readonly sha256: string};

/** What `containers/install.sh` fetches by URL, and what it is laid over. */
export function downloads(): Download[] {
  const script = text('containers/install.sh').replaceAll(/\\\n\s*/g, ' ');
  const variables = new Map(
    [...script.matchAll(/^(\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!.replaceAll('"', '')]),
  );
  const fetched = [...script.matchAll(/^fetch "([^"]+)"\s+([0-9a-f]{64})$/gm)].map(([, url, sha256]) => ({
    from: url!.replaceAll(/\$(\w+)/g, (whole, name: string) => variables.get(name) ?? whole),
    sha256: sha256!,
  }));
  const base = /^From: (\S+)@sha256:([0-9a-f]{64})$/m.exec(text('containers/standard.def'));
  return [...(base ? [{from: `docker://${base[1]!}`, sha256: base[2]!}] : []), ...fetched];
}
