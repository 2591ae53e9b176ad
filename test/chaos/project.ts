import {spawn, type ChildProcess} from 'node:child_process';
import {closeSync, cpSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {stringify} from 'yaml';
import {LAB_BIN, USER} from '../lab/lab.js';

export type SandboxKind = 'none' | 'bwrap';
export type ExecutorKind = 'local' | 'slurm' | 'htcondor';

/** What the projects of a suite run on. */
export type Where = {readonly sandbox: SandboxKind; readonly executor: ExecutorKind};

/** Jobs at once; on a cluster, the CPUs of the lab's. */
export const SLOTS = 4;

/** Steps that fail however often they are tried. */
export const BROKEN = ['judge:model=m3,task=t3,replicate=3'];

/** 76 steps: fan-out, a baseline that cells share, a stage that gathers what may be missing, retries, an optional output. */
const STAGES = {
  fetch: {for: ['model'], outputs: {weights: 'weights'}},
  baseline: {
    for: ['model', 'task'],
    needs: ['fetch'],
    'done-when': ['exited-0', 'exited-nonzero'],
    outputs: {out: 'out.json'},
  },
  train: {
    for: ['model', 'task', 'replicate'],
    needs: ['fetch'],
    prepare: ['bash', 'prepare.sh'],
    outputs: {model: 'model.txt', extra: {path: 'extra.txt', optional: true}},
  },
  // A job of this stage that is killed is not tried again by the same run: it is reported.
  judge: {for: ['model', 'task', 'replicate'], needs: ['train'], outputs: {out: 'out.json'}, retry: {on: []}},
  score: {
    for: ['model', 'task'],
    needs: ['baseline', {stage: 'judge', optional: true}],
    outputs: {out: 'out.json'},
  },
  table: {for: [], needs: ['score', {stage: 'judge', optional: true}], outputs: {out: 'out.json'}},
} as const;

export type ChaosProject = AsyncDisposable & {
  readonly root: string;
  readonly log: string;
  /** All steps, by id. */
  readonly ids: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Who runs ptb, where it is not the test's own user. */
  readonly user: {readonly uid?: number; readonly gid?: number};
  readonly where: Where;
  /** Leaves the folder behind when the scope ends. */
  readonly keep: () => void;
};

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** `ptb` to its end. */
export const ptb = async (
  {root, env, user}: Pick<ChaosProject, 'root' | 'env' | 'user'>,
  args: readonly string[],
  timeout: number,
): Promise<{readonly code: number | undefined; readonly stdout: string; readonly stderr: string}> => {
  const {exitCode, stdout, stderr, timedOut} = await execa(process.execPath, [MAIN, ...args], {
    cwd: root,
    env,
    ...user,
    extendEnv: false,
    reject: false,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  return {code: timedOut ? undefined : exitCode, stdout, stderr};
};

export async function newChaosProject(where: Where): Promise<ChaosProject> {
  const {sandbox, executor} = where;
  // A sandbox has a /tmp of its own, which would hide the log.
  const root = realpathSync(mkdtempSync(join(sandbox === 'none' ? tmpdir() : '/var/tmp', 'ptb-chaos-')));
  const chaos = join(root, 'chaos');
  mkdirSync(join(chaos, 'locks'), {recursive: true});
  writeFileSync(
    join(root, 'pipeline.yaml'),
    stringify({
      name: 'chaos',
      matrix: {model: ['m1', 'm2', 'm3'], task: ['t1', 't2', 't3'], replicate: [1, 2, 3]},
      executor:
        executor === 'local'
          ? {use: 'local', cpus: SLOTS, memory: '4GB'}
          : {use: executor, poll: '0.5s', lag: '2s', 'submit-rate': 50},
      sandbox: {use: sandbox, ...(sandbox === 'bwrap' ? {expose: [chaos]} : {})},
    }),
  );
  for (const [name, stage] of Object.entries(STAGES)) {
    const folder = join(root, 'stages', name);
    mkdirSync(folder, {recursive: true});
    for (const script of ['stage.sh', 'prepare.sh']) {
      cpSync(fileURLToPath(new URL(script, import.meta.url)), join(folder, script));
    }
    const declared = {
      ...(sandbox === 'bwrap' ? {prepare: ['bash', 'prepare.sh']} : {}),
      retry: {on: ['lost', 'killed'], times: 20},
      ...stage,
      run: ['bash', 'stage.sh'],
      resources: {cpus: 1, memory: '64MB', grace: '1s', ...(name === 'train' ? {time: '60s'} : {})},
    };
    writeFileSync(join(folder, 'stage.yaml'), stringify(declared));
  }

  const log = join(chaos, 'written');
  const relay = await openLog(sandbox, join(chaos, 'log'), log);
  let kept = false;
  // The lab's HTCondor runs no job of root.
  const user = executor === 'htcondor' ? {uid: USER.uid, gid: USER.gid} : {};
  const own = async (): Promise<void> => {
    if (executor === 'htcondor') await execa('chown', ['-R', '-h', `${USER.uid}:${USER.gid}`, root]);
  };
  const project: ChaosProject = {
    root,
    log,
    ids: [],
    env: {PATH: `${executor === 'local' ? '' : `${LAB_BIN}:`}${process.env.PATH ?? ''}`, HOME: root},
    user,
    where,
    keep: () => {
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      relay?.kill('SIGKILL');
      if (!kept) rmSync(root, {recursive: true, force: true, maxRetries: 3});
      await Promise.resolve();
    },
  };
  await own();
  const planned = await ptb(project, ['pipeline', 'plan', '--json'], 60_000);
  if (planned.code !== 0) throw new Error(`ptb pipeline plan: ${planned.stdout}${planned.stderr}`);
  const {steps} = JSON.parse(planned.stdout) as {steps: {id: string}[]};
  for (const {id} of steps) writeFileSync(join(chaos, 'locks', id.replaceAll(/[:,]/g, '-')), '');
  await own();
  return {...project, ids: steps.map(({id}) => id)};
}

/** Steps append to `to`, which ends up in `file`. A sandbox binds it read-only, where a pipe may be written all the same. */
async function openLog(sandbox: SandboxKind, to: string, file: string): Promise<ChildProcess | undefined> {
  closeSync(openSync(file, 'a'));
  if (sandbox === 'none') {
    await execa('ln', ['-s', 'written', to]);
    return undefined;
  }
  await execa('mkfifo', [to]);
  // Opened for both, so that it never sees an end.
  return spawn('bash', ['-c', 'exec cat 0<>"$1" >>"$2"', 'relay', to, file], {stdio: 'ignore', cwd: '/'});
}
