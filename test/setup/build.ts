import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

const root = fileURLToPath(new URL('../../', import.meta.url));

const changed = (folder: string): number =>
  Math.max(
    0,
    ...readdirSync(join(root, folder), {withFileTypes: true, recursive: true})
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

/** Builds `dist/` when a source is newer: the tests run the real command line. */
export default async function build(): Promise<void> {
  const built = statSync(join(root, 'dist/cli/main.js'), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  if (built < Math.max(changed('src'), changed('schemas'))) await execa('npm', ['run', 'build'], {cwd: root});
}
