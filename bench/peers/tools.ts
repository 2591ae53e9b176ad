import {chmodSync} from 'node:fs';
import {join} from 'node:path';
import type {Argv} from '../../src/base/argv.js';
import {execa} from 'execa';
import {stringify} from 'yaml';
import {asked, installWireit, PTB, write, type Command} from '../tool.js';
import {fill} from './fill.js';

/** Cells of five steps each: the first writes a line, every other copies what the one before it made and adds a line. */
export const STAGES = [1, 2, 3, 4, 5] as const;

/** A tool with the same steps in its own idiom, two at once. */
export type Tool = {
  readonly name: string;
  /** Undefined when it is not installed. */
  readonly version: () => Promise<string | undefined>;
  readonly install: string;
  /** Above this many steps it takes too long to be asked to run them. */
  readonly most: number;
  /** Above this many it takes too long even with nothing to do. */
  readonly mostMade: number;
  /** Lays out the cells in an empty folder; the way to run them. */
  readonly setUp: (folder: string, cells: number) => Promise<Command>;
  /** Changes what the first step of one cell does; absent where nobody can see such a change. */
  readonly edit?: (folder: string, cells: number) => void;
  /** Leaves the folder as a whole run does, where that is quicker than one. */
  readonly make?: (folder: string, cells: number) => Promise<void>;
  /** How it is called after its process was killed, if not as before. */
  readonly resume?: Command;
};

/** Where the steps of the last stage leave something. */
export const LAST = {ptb: 'runs/results/s5', peer: 'out'} as const;

const command = (stage: number, from: string, to: string, word: string): string =>
  stage === 1 ? `echo ${word} > ${to}` : `cat ${from} > ${to}; echo s${stage} >> ${to}`;

const each = <T>(cells: number, make: (cell: number, stage: number) => T): T[] =>
  Array.from({length: cells}, (_, cell) => STAGES.map((stage) => make(cell, stage))).flat();

const values = (letter: string, count: number): string[] => Array.from({length: count}, (_, n) => `${letter}${n}`);

/** As a benchmark has them: four models, five benchmarks, up to ten replicates, and as many agents as that takes. */
const matrix = (cells: number): Record<string, unknown> => {
  const replicates = Math.min(10, Math.max(1, cells / 100));
  return {
    agent: values('a', cells / 20 / replicates),
    model: values('m', 4),
    benchmark: values('b', 5),
    replicate: Array.from({length: replicates}, (_, n) => n + 1),
  };
};

const pipeline = (cells: number, sandbox: string, more: Record<string, unknown> = {}): string =>
  stringify({
    name: 'bench',
    matrix: {...matrix(cells), ...more},
    executor: {use: 'local', cpus: 2, memory: '64GB'},
    sandbox: {use: sandbox},
  });

const ptb = (sandbox: 'none' | 'bwrap'): Tool => ({
  name: `ptb, sandbox ${sandbox}`,
  version: () => asked(process.execPath, PTB, '--version'),
  install: 'npm run build',
  most: Infinity,
  mostMade: Infinity,
  make: (folder) => {
    fill(folder);
    return Promise.resolve();
  },
  setUp: (folder, cells) => {
    write(folder, {'pipeline.yaml': pipeline(cells, sandbox)});
    for (const stage of STAGES) {
      write(folder, {
        [`stages/s${stage}/stage.yaml`]: stringify({
          for: ['agent', 'model', 'benchmark', 'replicate'],
          ...(stage === 1 ? {} : {needs: [`s${stage - 1}`]}),
          run: ['sh', '-c', command(stage, `"$PTB_IN_S${stage - 1}/out"`, 'out', '"$PTB_AGENT"')],
          outputs: {out: 'out'},
        }),
      });
    }
    return Promise.resolve({argv: [process.execPath, PTB, 'pipeline', 'run', '--quiet']});
  },
  edit: (folder, cells) =>
    write(folder, {
      'pipeline.yaml': pipeline(cells, sandbox, {
        include: [{agent: 'a0', model: 'm0', benchmark: 'b0', replicate: 99}],
      }),
    }),
});

const target = (cell: number, stage: number): string => `out/c${cell}.${stage}`;

const inputs = (cells: number): Record<string, string> =>
  Object.fromEntries(Array.from({length: cells}, (_, cell) => [`in/c${cell}`, `c${cell}\n`]));

const source = (cell: number, stage: number): string => (stage === 1 ? `in/c${cell}` : target(cell, stage - 1));
const shell = (cell: number, stage: number): string =>
  command(stage, source(cell, stage), target(cell, stage), `$(cat in/c${cell})`);
const editInput = (folder: string): void => write(folder, {'in/c0': 'other\n'});

const ninja: Tool = {
  name: 'ninja',
  version: () => asked('ninja', '--version'),
  install: 'apt-get install ninja-build',
  most: 100_000,
  mostMade: 10_000,
  setUp: (folder, cells) => {
    const builds = each(
      cells,
      (cell, stage) => `build ${target(cell, stage)}: s${stage} ${source(cell, stage)}\n`,
    ).join('');
    const rules = STAGES.map((stage) => {
      const run = stage === 1 ? 'cat $in > $out' : `cat $in > $out; echo s${stage} >> $out`;
      return `rule s${stage}\n  command = ${run}\n`;
    }).join('');
    write(folder, {...inputs(cells), 'build.ninja': rules + builds});
    return Promise.resolve({argv: ['ninja', '-j2', '--quiet']});
  },
  edit: editInput,
};

const make: Tool = {
  name: 'GNU make',
  version: () => asked('make', '--version'),
  install: 'apt-get install make',
  most: 10_000,
  mostMade: 10_000,
  setUp: (folder, cells) => {
    const escaped = (cell: number, stage: number): string => shell(cell, stage).replaceAll('$', '$$$$');
    const rules = each(
      cells,
      (cell, stage) => `${target(cell, stage)}: ${source(cell, stage)}\n\t@${escaped(cell, stage)}\n`,
    ).join('');
    const all = Array.from({length: cells}, (_, cell) => target(cell, STAGES.length)).join(' ');
    write(folder, {...inputs(cells), 'out/.keep': '', Makefile: `all: ${all}\n${rules}`});
    return Promise.resolve({argv: ['make', '-j2', '--silent', 'all']});
  },
  edit: editInput,
};

/** By default it solves an integer program before each job, where a solver is installed: many times as slow here. */
const SNAKEMAKE: Argv = ['snakemake', '--cores', '2', '--quiet', 'all', '--scheduler', 'greedy'];

const snakemake: Tool = {
  name: 'Snakemake',
  version: () => asked('snakemake', '--version'),
  install: 'apt-get install snakemake',
  most: 1000,
  mostMade: 10_000,
  make: byHand,
  resume: {argv: [...SNAKEMAKE, '--nolock', '--rerun-incomplete']},
  setUp: (folder, cells) => {
    const rules = STAGES.map(
      (stage) => `
rule s${stage}:
    input: "${stage === 1 ? 'in/c{cell}' : `out/c{cell}.${stage - 1}`}"
    output: "out/c{cell}.${stage}"
    shell: "${stage === 1 ? 'cat {input} > {output}' : `cat {input} > {output}; echo s${stage} >> {output}`}"
`,
    ).join('');
    write(folder, {
      ...inputs(cells),
      Snakefile: `rule all:\n    input: expand("out/c{cell}.${STAGES.length}", cell=range(${cells}))\n${rules}`,
    });
    return Promise.resolve({argv: SNAKEMAKE});
  },
  edit: editInput,
};

const dvc: Tool = {
  name: 'DVC (one at a time)',
  version: () => asked('dvc', '--version'),
  install: 'pip install dvc',
  most: 100,
  mostMade: 1000,
  make: async (folder, cells) => {
    await byHand(folder, cells);
    await execa('dvc', ['commit', '--force', '--quiet'], {cwd: folder, env: {DVC_NO_ANALYTICS: '1'}});
  },
  setUp: async (folder, cells) => {
    const stages = Object.fromEntries(
      each(cells, (cell, stage) => [
        `s${stage}-c${cell}`,
        {cmd: shell(cell, stage), deps: [source(cell, stage)], outs: [target(cell, stage)]},
      ]),
    );
    write(folder, {...inputs(cells), 'dvc.yaml': stringify({stages}), 'out/.keep': ''});
    const env = {DVC_NO_ANALYTICS: '1'};
    await execa('dvc', ['init', '--no-scm', '--quiet'], {cwd: folder, env});
    return {argv: ['dvc', 'repro', '--quiet'], env};
  },
  edit: editInput,
};

const wireit: Tool = {
  name: 'wireit',
  version: () => asked('npm', 'view', 'wireit', 'version'),
  install: 'npm install wireit',
  most: 1000,
  mostMade: 1000,
  setUp: async (folder, cells) => {
    const scripts = Object.fromEntries(
      each(cells, (cell, stage) => [
        `s${stage}-c${cell}`,
        {
          command: shell(cell, stage),
          files: stage === 1 ? [source(cell, stage)] : [],
          output: [target(cell, stage)],
          dependencies: stage === 1 ? [] : [`s${stage - 1}-c${cell}`],
        },
      ]),
    );
    const last = Array.from({length: cells}, (_, cell) => `s${STAGES.length}-c${cell}`);
    write(folder, {
      ...inputs(cells),
      'out/.keep': '',
      'package.json': JSON.stringify({
        name: 'bench',
        private: true,
        scripts: Object.fromEntries(['all', ...Object.keys(scripts)].map((name) => [name, 'wireit'])),
        wireit: {all: {dependencies: last}, ...scripts},
        devDependencies: {wireit: 'latest'},
      }),
    });
    return installWireit(folder);
  },
  edit: editInput,
};

/** What no tool can be faster than: the same commands and nothing else, two at once. */
const floor: Tool = {
  name: 'the commands alone (xargs -P2 sh)',
  version: () => asked('xargs', '--version'),
  install: 'apt-get install findutils',
  most: 10_000,
  mostMade: 0,
  setUp: (folder, cells) => {
    const lines = STAGES.map((stage) => Array.from({length: cells}, (_, cell) => shell(cell, stage)).join('\n'));
    write(folder, {...inputs(cells), 'out/.keep': '', 'commands.txt': `${lines.join('\n')}\n`, 'all.sh': ALL});
    chmodSync(join(folder, 'all.sh'), 0o755);
    return Promise.resolve({argv: ['bash', 'all.sh']});
  },
};
const ALL = "xargs -a commands.txt -d '\\n' -P2 -n1 sh -c\n";

/** All outputs by the commands alone; for a tool that compares no more than times, or takes up what lies there. */
async function byHand(folder: string, cells: number): Promise<void> {
  const {argv} = await floor.setUp(folder, cells);
  await execa(argv[0], argv.slice(1), {cwd: folder});
}

export const TOOLS: readonly Tool[] = [ptb('none'), ptb('bwrap'), floor, ninja, make, wireit, snakemake, dvc];
