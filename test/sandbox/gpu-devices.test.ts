import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {HOST} from '../../src/config/image.js';
import {apptainer} from '../../src/sandbox/apptainer.js';
import {bwrap} from '../../src/sandbox/bwrap.js';
import {GPU_DEVICES, withGpuDevices} from '../../src/sandbox/gpu-devices.js';
import {podman} from '../../src/sandbox/podman.js';
import type {Sandbox, SandboxSpec} from '../../src/sandbox/sandbox.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ptb dev-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

const printed = async (template: readonly string[], env: Record<string, string> = {}): Promise<string[]> => {
  const [program, ...args] = withGpuDevices(
    template,
    ['printf', '%s\\n', '--before', GPU_DEVICES, 'two words', '$HOME', ''],
    folder,
    join(folder, 'driver'),
  );
  return (await execa(program, args, {stripFinalNewline: false, env})).stdout.split('\n').slice(0, -1);
};

test('the devices are those of the machine on which the command is run, when it is run', async () => {
  expect(await printed(['--dev-bind', '@', '@'])).toEqual(['--before', 'two words', '$HOME', '']);
  for (const name of ['nvidia0', 'nvidia1', 'nvidiactl', 'sda']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'nvidia-caps'));
  const devices = ['nvidia-caps', 'nvidia0', 'nvidia1', 'nvidiactl'].map((name) => join(folder, name));
  expect(await printed(['--dev-bind', '@', '@'])).toEqual([
    '--before',
    ...devices.flatMap((device) => ['--dev-bind', device, device]),
    ...['two words', '$HOME', ''],
  ]);
  expect((await printed(['--device', '@'])).slice(1, 3)).toEqual(['--device', devices[0]]);
});

test('of GPUs named by UUID only their own files, where the driver says which they are', async () => {
  for (const name of ['nvidia0', 'nvidia1', 'nvidiactl']) writeFileSync(join(folder, name), '');
  for (const minor of [0, 1]) {
    mkdirSync(join(folder, `driver/gpus/0000:0${minor}:00.0`), {recursive: true});
    const information = `Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-${minor}\nBus Type: \t PCIe\nDevice Minor: \t ${minor}\n`;
    writeFileSync(join(folder, `driver/gpus/0000:0${minor}:00.0/information`), information);
  }
  const bound = async (name: string, value: string): Promise<string[]> =>
    (await printed(['@'], {[name]: value})).slice(1, -3).map((file) => file.slice(folder.length + 1));
  expect(await bound('CUDA_VISIBLE_DEVICES', 'GPU-1')).toEqual(['nvidia1', 'nvidiactl']);
  expect(await bound('APPTAINERENV_CUDA_VISIBLE_DEVICES', 'GPU-0')).toEqual(['nvidia0', 'nvidiactl']);
  expect(await bound('CUDA_VISIBLE_DEVICES', 'GPU-1,GPU-0')).toEqual(['nvidia0', 'nvidia1', 'nvidiactl']);
  expect(await bound('CUDA_VISIBLE_DEVICES', '0')).toEqual(['nvidia0', 'nvidia1', 'nvidiactl']);
});

const settings = {program: 'x', skeleton: '/root', root: [], exposed: [], limitsMemory: false, own: []};
const file = {kind: 'file', path: '/image.sif'} as const;
const spec: SandboxSpec = {
  name: 'job',
  image: HOST,
  mounts: [],
  workdir: '/work',
  network: 'host',
  gpus: 'machine',
  environment: [],
  memoryMb: 100,
  processes: 100,
};
const KINDS: readonly (readonly [string, Sandbox, SandboxSpec, RegExp])[] = [
  ['bwrap', bwrap('x', []), spec, /--dev-bind @ @ x .*--dev \/dev \{gpu devices\}/],
  [
    'apptainer on the machine itself',
    apptainer({...settings, userns: false, pulled: () => ''}),
    spec,
    /source=@,destination=@ x .*\{gpu devices\}/,
  ],
  ['apptainer', apptainer({...settings, userns: false, pulled: () => ''}), {...spec, image: file}, /^x .* --nv /],
  ['podman', podman({...settings, kind: 'podman', cdi: false}), spec, /--device @ x .*\{gpu devices\}/],
  ['podman with CDI', podman({...settings, kind: 'podman', cdi: true}), spec, /^x .*--device nvidia.com\/gpu=all/],
  ['docker', podman({...settings, kind: 'docker', cdi: false}), spec, /^x .*--gpus all/],
];

test.each(KINDS)('%s asks for them where the machine that submits has none', (_kind, sandbox, asked, words) => {
  expect(sandbox.wrap(asked, ['true']).join(' ').replaceAll('\n', ' ')).toMatch(words);
  expect(sandbox.wrap({...asked, gpus: 'none'}, ['true']).join(' ')).not.toMatch(/nvidia|gpu|--nv/);
});
