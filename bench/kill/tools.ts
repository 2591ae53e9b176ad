import {join} from 'node:path';
import {stringify} from 'yaml';
import {asked, installWireit, PTB, write, type Command} from '../tool.js';

export const CELLS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

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
    return installWireit(folder);
  },
  remedies: [],
};

export const TOOLS: readonly Tool[] = [ptb, ninja, make, snakemake, wireit];
