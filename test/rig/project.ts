import {chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {stringify} from 'yaml';
import type {ResultRecord} from '../../src/store/result.js';
import {HeldStage, listenAt, writeFiles, type Files} from './held.js';
import {killBelow, processesBelow} from './processes.js';
import {startPtb, type Ptb} from './ptb.js';

const NOBODY = 65_534;
const COMMAND = 'held-command.mjs';

/** Declarations of a stage over those that a held one has. */
export type Declared = Readonly<Record<string, unknown>>;

/** A result as it lies in `runs/results`. */
export type Result = {readonly dir: string; readonly record: ResultRecord};

/**
 * A temporary project on which the real command line runs. Its sandbox is `none`, so that commands reach the test; whatever
 * still runs in it at the end of the test is killed, and the folder removed.
 */
export type Project = AsyncDisposable & {
  readonly root: string;
  readonly write: (files: Files) => void;
  readonly read: (path: string) => string;
  readonly has: (path: string) => boolean;
  /** pipeline.yaml: settings over a matrix of one cell, four CPUs and no sandbox. */
  readonly pipeline: (settings?: Readonly<Record<string, unknown>>) => void;
  /** stages/NAME with a command that connects back; one output `out` at out.txt unless declared. */
  readonly stage: (name: string, declared?: Declared) => HeldStage;
  readonly ptb: (...args: string[]) => Ptb;
  /** `ptb pipeline run --json`. */
  readonly run: (...flags: string[]) => Ptb;
  readonly plan: (...flags: string[]) => Promise<readonly PlanStep[]>;
  readonly status: (...flags: string[]) => Promise<readonly StatusStep[]>;
  readonly results: (stage: string) => readonly Result[];
  /** Folders of a stage's attempts that are not results. */
  readonly attempts: (stage: string) => readonly string[];
  /** Journals, oldest first, as lines. */
  readonly journals: () => readonly (readonly string[])[];
  /** From now on ptb does not run as root, whom no file mode stops. */
  readonly dropRights: (to?: number) => void;
  /** Variables that every ptb from now on is started with. */
  readonly env: Record<string, string>;
};

export type PlanStep = {
  readonly id: string;
  readonly stage: string;
  readonly verdict: string;
  readonly because: string;
};
export type StatusStep = {
  readonly id: string;
  readonly state: string;
  readonly attempt: number | null;
  readonly because: string;
  readonly seconds: number | null;
};

/** `find`: the processes of its jobs, for its end. */
export async function newProject(find = processesBelow): Promise<Project> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-rig-')));
  const socket = join(root, 'rig.sock');
  const stages = new Map<string, HeldStage>();
  const server = await listenAt(socket, stages);
  const started = new Set<Ptb>();
  const env: Record<string, string> = {};

  const list = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir).sort() : []);
  const write = (files: Files): void => writeFiles(root, files);
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  let uid: number | undefined;
  const ptb = (...args: string[]): Ptb => {
    const child = startPtb(root, args, env, uid);
    started.add(child);
    void child.ended.then(() => started.delete(child));
    return child;
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const {code, stdout, stderr} = await ptb(...args, '--json').ended;
    if (code !== 0) throw new Error(`ptb ${args.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  };

  return {
    root,
    env,
    dropRights: (to = NOBODY) => {
      if (process.getuid?.() !== 0) return;
      uid = to;
      for (const path of [root, socket]) chownSync(path, uid, uid);
    },
    write,
    read,
    has: (path) => existsSync(join(root, path)),
    ptb,
    run: (...flags) => ptb('pipeline', 'run', '--json', ...flags),
    plan: async (...flags) => (await json<{steps: PlanStep[]}>('pipeline', 'plan', ...flags)).steps,
    status: async (...flags) => (await json<{steps: StatusStep[]}>('pipeline', 'status', ...flags)).steps,

    pipeline: (settings = {}) =>
      write({
        'pipeline.yaml': stringify({
          name: 'rig',
          matrix: {model: ['tiny']},
          executor: {use: 'local', cpus: 4, memory: '64GB'},
          sandbox: {use: 'none'},
          ...settings,
        }),
      }),

    stage(name, declared = {}) {
      const {prepare, ...rest} = declared;
      const command = (phase: string): string[] => ['node', COMMAND, socket, name, phase];
      const document = {
        for: [],
        outputs: {out: 'out.txt'},
        ...(prepare === 'held' ? {prepare: command('prepare')} : prepare === undefined ? {} : {prepare}),
        run: command('run'),
        ...rest,
      };
      write({[`stages/${name}/stage.yaml`]: stringify(document)});
      cpSync(fileURLToPath(new URL(COMMAND, import.meta.url)), join(root, 'stages', name, COMMAND));
      const held = stages.get(name) ?? new HeldStage(name);
      stages.set(name, held);
      return held;
    },

    results: (stage) =>
      list(join(root, 'runs/results', stage)).map((folder) => {
        const dir = join(root, 'runs/results', stage, folder);
        return {dir, record: JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')) as ResultRecord};
      }),
    attempts: (stage) =>
      list(join(root, 'runs/attempts', stage)).flatMap((folder) =>
        list(join(root, 'runs/attempts', stage, folder)).map((n) => join(root, 'runs/attempts', stage, folder, n)),
      ),
    journals: () =>
      list(join(root, 'runs/journal')).map((name) => read(join('runs/journal', name)).split('\n').slice(0, -1)),

    async [Symbol.asyncDispose]() {
      for (const child of started) child.kill('SIGKILL');
      await Promise.all([...started].map(({ended}) => ended));
      await killBelow(root, find);
      server.close();
      rmSync(root, {recursive: true, force: true});
    },
  };
}
