import {cpSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PARTS = /^(pipeline\.yaml|(stages|agents|evals|containers)\/)/;

/** The repository's own pipeline with all that it reads, in a folder that may be thrown away. */
export async function copyProject(to: string): Promise<void> {
  const {stdout} = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: REPOSITORY,
  });
  for (const file of stdout.split('\0').filter((name) => PARTS.test(name))) {
    cpSync(join(REPOSITORY, file), join(to, file), {recursive: true});
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(to, 'node_modules'));
}
