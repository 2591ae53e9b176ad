import {mkdirSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus, release} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

export type Command = {readonly argv: readonly [string, ...string[]]; readonly env?: Readonly<Record<string, string>>};

/** The command line that `npm run build` makes. */
export const PTB = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), {recursive: true});
    writeFileSync(join(folder, path), text);
  }
};

/** The version that a program tells of itself; undefined when it is not installed. */
export const asked = async (program: string, ...args: string[]): Promise<string | undefined> => {
  const {exitCode, stdout} = await execa(program, args, {reject: false});
  return exitCode === 0 ? /\d[\d.]*/.exec(stdout)?.[0] : undefined;
};

/** wireit, from npm, installed in a folder that has its package.json; without npm between, so that it is the process itself. */
export async function installWireit(folder: string): Promise<Command> {
  await execa('npm', ['install', '--no-audit', '--no-fund'], {cwd: folder, stdio: 'ignore', timeout: 120_000});
  return {
    argv: [process.execPath, join(folder, 'node_modules/wireit/bin/wireit.js')],
    env: {
      WIREIT_PARALLEL: '2',
      npm_lifecycle_event: 'all',
      npm_package_json: join(folder, 'package.json'),
      npm_config_user_agent: 'npm/10.8.2 node/v20',
      npm_execpath: 'npm',
    },
  };
}

/** When and where something was measured. */
export async function circumstances(): Promise<string> {
  const {stdout: commit} = await execa('git', ['rev-parse', '--short', 'HEAD'], {reject: false});
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ptb at ${commit}, ${availableParallelism()} × ${cpu?.model ?? 'CPU'}, Linux ${release()}, Node ${process.version}`;
}

/** The kind of file system that a folder lies on. */
export const fileSystem = async (folder: string): Promise<string> =>
  (await execa('stat', ['-f', '-c', '%T', folder])).stdout;
