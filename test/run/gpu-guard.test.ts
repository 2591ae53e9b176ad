import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, onTestFinished, test} from 'vitest';
import type {Argv} from '../../src/base/argv.js';
import {guardCommand} from '../../src/executor/gpu-guard.js';
import {newProject} from '../rig/project.js';

/** A stand-in for nvidia-smi with one GPU. */
const nvidiaSmi = (model: string, used: number, process = ''): string => `#!/bin/sh
# stand-in
case "$*" in
  *--query-compute-apps*) printf '%s' '${process}' ;;
  *memory.used*) echo 'GPU-1, ${model}, ${used}' ;;
  *) echo 'GPU-1, ${model}' ;;
esac
`;

const H100 = 'NVIDIA H100 80GB HBM3';

/** What the guard says of a machine with this nvidia-smi; undefined when it lets the job go on. */
async function verdict(smi: string, write: Argv = ['true'], count = 1): Promise<unknown> {
  const root = mkdtempSync(join(tmpdir(), 'ptb-guard-'));
  onTestFinished(() => rmSync(root, {recursive: true}));
  writeFileSync(join(root, 'nvidia-smi'), smi);
  chmodSync(join(root, 'nvidia-smi'), 0o755);
  const failure = join(root, 'failure.json');
  const [program, ...args] = guardCommand({count, name: 'H100', failure, list: join(root, 'gpus.json'), write});
  const env = {PATH: `${root}:${process.env.PATH}`, GPUS: 'GPU-1'};
  const {exitCode} = await execa(program, args, {reject: false, env, extendEnv: false});
  return exitCode === 0 ? undefined : (JSON.parse(readFileSync(failure, 'utf8')) as unknown);
}

const notReady = (because: RegExp) => ({class: 'not-ready', because: expect.stringMatching(because) as string});

test.each([
  ['another name', nvidiaSmi('NVIDIA "A100"', 0), /^GPU GPU-1 is a NVIDIA A100, asked for H100$/],
  ['memory in use', nvidiaSmi(H100, 40_000), /^GPU GPU-1 is not idle: 40000 MiB are in use$/],
  ['a process of others', nvidiaSmi(H100, 4, 'GPU-1, 4242, python, 4'), /other processes use it: GPU-1, 4242/],
  ['a driver that fails', '#!/bin/sh\n# stand-in\necho "No devices were found"; exit 6\n', /No devices were found/],
])('a GPU with %s is not ready', async (_, smi, because) => {
  expect(await verdict(smi)).toEqual(notReady(because));
});

test('fewer GPUs than asked for, or one to which CUDA cannot write, are not ready', async () => {
  const smi = nvidiaSmi(H100, 4);
  expect(await verdict(smi, ['true'], 2)).toEqual(notReady(/^there are 1 GPUs, asked for 2$/));
  const fails: Argv = ['sh', '-c', 'echo first; echo "cuMemAlloc: CUDA error 2" >&2; exit 1'];
  expect(await verdict(smi, fails)).toEqual(notReady(/sandbox: cuMemAlloc: CUDA error 2$/));
});

test('an idle GPU of the asked name is ready', async () => {
  expect(await verdict(nvidiaSmi(H100, 4))).toBeUndefined();
});

test('a step with a GPU that is not ready has not run, and says why', async () => {
  await using project = await newProject();
  const resources = {gpus: 1, 'gpu-name': 'H100'};
  project.stage('train', {sandbox: {gpu: true}, resources, run: ['bash', '-c', 'echo ran >out.txt']});
  project.pipeline();
  project.write({'stand-ins/nvidia-smi': nvidiaSmi(H100, 70_000)});
  chmodSync(join(project.root, 'stand-ins/nvidia-smi'), 0o755);
  project.env.PATH = `${join(project.root, 'stand-ins')}:${process.env.PATH}`;
  expect((await project.run().ended).code).toBe(1);
  const [attempt] = project.attempts('train');
  expect(JSON.parse(readFileSync(join(attempt!, 'failed.json'), 'utf8'))).toMatchObject({
    class: 'not-ready',
    because: 'prepare: GPU GPU-1 is not idle: 70000 MiB are in use',
  });
});
