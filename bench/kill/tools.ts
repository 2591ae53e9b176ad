import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {stringify} from 'yaml';

export const CELLS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

export type Command = {readonly argv: readonly [string, ...string[]]; readonly env?: Readonly<Record<string, string>>};

/** A tool that runs eight trainings, two at once. */
export type Tool = {
  readonly name: string;
  /** Undefined when it is not installed. */
  readonly version: () => Promise<string | undefined>;
  readonly install: string;
  /** Lays out the eight cells in a folder that holds train.sh; the way to run them. */
  readonly setUp: (folder: string) => Promise<Command>;
  /** What its messages ask for when the run after the kill refuses, in turn. */
  readonly remedies: readonly (readonly string[])[];
};

const PTB = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), {recursive: true});
    writeFileSync(join(folder, path), text);
  }
};

/** First line of what it prints about itself. */
const asked = async (program: string, ...args: string[]): Promise<string | undefined> => {
  const {exitCode, stdout} = await execa(program, args, {reject: false});
  return exitCode === 0 ? /\d[\d.]*/.exec(stdout)?.[0] : undefined;
};

const ptb: Tool = {
  name: 'ptb',
  version: () => asked(process.execPath, PTB, '--version'),
  install: 'npm run build',
  setUp: (folder) => {
    write(folder, {
      'pipeline.yaml': stringify({
        name: 'kill',
        matrix: {cell: CELLS},
        executor: {use: 'local', cpus: 2, memory: '64GB'},
        sandbox: {use: 'none'},
      }),
      'stages/train/stage.yaml': stringify({
        for: ['cell'],
        run: ['bash', '-c', `exec bash ${join(folder, 'train.sh')} "$PTB_CELL" model`],
        resources: {cpus: 1},
        outputs: {model: 'model'},
      }),
    });
    return Promise.resolve({argv: [process.execPath, PTB, 'pipeline', 'run', '--quiet']});
  },
  remedies: [],
};

const ninja: Tool = {
  name: 'ninja',
  version: () => asked('ninja', '--version'),
  install: 'apt-get install ninja-build',
  setUp: (folder) => {
    write(folder, {
      'build.ninja': [
        'rule train\n  command = bash train.sh $cell $out',
        ...CELLS.map((cell) => `build ${cell}.model: train train.sh\n  cell = ${cell}\n`),
      ].join('\n'),
    });
    return Promise.resolve({argv: ['ninja', '-j2']});
  },
  remedies: [],
};

const make: Tool = {
  name: 'make',
  version: () => asked('make', '--version'),
  install: 'apt-get install make',
  setUp: (folder) => {
    const models = CELLS.map((cell) => `${cell}.model`).join(' ');
    write(folder, {Makefile: `all: ${models}\n%.model: train.sh\n\tbash train.sh $* $@\n`});
    return Promise.resolve({argv: ['make', '-j2']});
  },
  remedies: [],
};

const snakemake: Tool = {
  name: 'Snakemake',
  version: () => asked('snakemake', '--version'),
  install: 'apt-get install snakemake',
  setUp: (folder) => {
    write(folder, {
      Snakefile: `
rule all:
    input: expand("{cell}.model", cell=${JSON.stringify(CELLS)})
rule train:
    input: "train.sh"
    output: "{cell}.model"
    shell: "bash train.sh {wildcards.cell} {output}"
`,
    });
    return Promise.resolve({argv: ['snakemake', '--cores', '2']});
  },
  remedies: [['--unlock'], [], ['--rerun-incomplete']],
};

/** From npm, installed where the cells are. */
const wireit: Tool = {
  name: 'wireit',
  version: () => asked('npm', 'view', 'wireit', 'version'),
  install: 'npm install wireit',
  setUp: async (folder) => {
    const scripts = CELLS.map(
      (cell) =>
        [
          `train-${cell}`,
          {command: `bash train.sh ${cell} ${cell}.model`, files: ['train.sh'], output: [`${cell}.model`]},
        ] as const,
    );
    const names = CELLS.map((cell) => `train-${cell}`);
    write(folder, {
      'package.json': JSON.stringify({
        name: 'kill',
        private: true,
        scripts: Object.fromEntries(['all', ...names].map((name) => [name, 'wireit'])),
        wireit: {all: {dependencies: names}, ...Object.fromEntries(scripts)},
        devDependencies: {wireit: 'latest'},
      }),
    });
    await execa('npm', ['install', '--no-audit', '--no-fund'], {cwd: folder, stdio: 'ignore', timeout: 120_000});
    return {
      // As npm would start it; without npm between, the process that is killed is wireit itself.
      argv: [process.execPath, join(folder, 'node_modules/wireit/bin/wireit.js')],
      env: {
        WIREIT_PARALLEL: '2',
        npm_lifecycle_event: 'all',
        npm_package_json: join(folder, 'package.json'),
        npm_config_user_agent: 'npm/10.8.2 node/v20',
        npm_execpath: 'npm',
      },
    };
  },
  remedies: [],
};

export const TOOLS: readonly Tool[] = [ptb, ninja, make, snakemake, wireit];
