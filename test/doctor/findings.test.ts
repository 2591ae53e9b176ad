import {expect, test} from 'vitest';
import {answerFindings, clientFindings, sharedFinding} from '../../src/run/doctor/cluster.js';
import {gpuFindings, parseGpus} from '../../src/run/doctor/gpus.js';
import {redactionFindings} from '../../src/run/doctor/logins.js';
import {diskFindings, nodeFinding} from '../../src/run/doctor/machine.js';
import {parseFindings} from '../../src/run/doctor/stage-scripts.js';
import type {Finding} from '../../src/run/doctor/finding.js';

const states = (findings: readonly Finding[]): string[] => findings.map(({check, state}) => `${state} ${check}`);

const H100 = 'NVIDIA H100 80GB HBM3';
const smi = (...rows: readonly (readonly [string, number])[]): string =>
  rows.map(([name, used], n) => `GPU-${n}, ${name}, ${used}, 81559, 570.86.15`).join('\n');

test('GPUs: how many of which name, driver, memory, processes', () => {
  const one = {count: 1, names: ['H100']};
  const idle = parseGpus(smi([H100, 4], [H100, 0]), '');
  expect(states(gpuFindings(one, idle))).toEqual(['ok GPUs', 'ok driver', 'ok GPU memory']);
  expect(gpuFindings(one, idle)[0]!.text).toBe(`2 × ${H100}; a step asks for 1 H100 GPU`);

  const busy = parseGpus(smi([H100, 70_000]), `GPU-0, 4711, /usr/bin/python3, odd\n[Not Supported]`);
  expect(states(gpuFindings(one, busy))).toEqual(['ok GPUs', 'ok driver', 'warn GPU memory', 'warn GPU processes']);
  expect(gpuFindings(one, busy)[3]!.text).toBe('on the GPUs: 4711 (/usr/bin/python3, odd)');

  const other = gpuFindings(one, parseGpus(smi(['NVIDIA A100-SXM4-80GB', 0]), ''))[0]!;
  expect(other).toMatchObject({state: 'fail', remedy: 'for a table of its own on these: --set gpus.name=A100'});
  const few = gpuFindings({count: 8, names: ['H100']}, idle)[0]!;
  expect(few).toMatchObject({state: 'fail', text: `a step asks for 8 H100 GPUs, and here: 2 × ${H100}`});
  expect(gpuFindings(one, undefined)[0]!.state).toBe('fail');
  expect(gpuFindings({count: 0, names: []}, undefined)).toEqual([]);
});

test('disk: room for the largest step, and for those that run at once', () => {
  const resources = {gpus: 1, cpus: 16, memoryMb: 128_000, graceSeconds: 30};
  const stage = (name: string, diskMb: number, caches = false) => ({
    name,
    steps: 40,
    caches,
    resources: {...resources, diskMb},
  });
  const wanted = {
    stages: [stage('train', 400_000), stage('fetch', 60_000, true)],
    gpus: {count: 1, names: []},
    images: [],
    logins: [],
  };
  const disk = (gigabytes: number) => [{path: '/runs', freeBytes: gigabytes * 1e9, of: () => true}];
  const machine = {cpus: 64, memoryMb: 512_000, gpus: 2};
  expect(diskFindings(wanted, disk(900), machine)).toEqual([
    {check: 'disk', state: 'ok', text: '900.0 GB are free at /runs; 2 steps of train at once may use 800.0 GB'},
  ]);
  expect(states(diskFindings(wanted, disk(500), machine))).toEqual(['warn disk']);
  expect(diskFindings(wanted, disk(50), machine)[0]).toMatchObject({
    state: 'fail',
    text: '50.0 GB are free at /runs, and steps may use 400.0 GB for one of train and 60.0 GB for one of fetch',
  });
  // A disk of its own for downloads is asked for those alone.
  const cache = [{path: '/cache', freeBytes: 100e9, of: ({caches}: {caches: boolean}) => caches}];
  expect(states(diskFindings(wanted, cache, {...machine, gpus: 1}))).toEqual(['ok disk']);
});

test('node: the oldest that will do', () => {
  expect(['v20.18.3', 'v20.19.0', 'v24.1.0', 'v18.20.8'].map((version) => nodeFinding(version).state)).toEqual([
    'fail',
    'ok',
    'ok',
    'fail',
  ]);
});

test('a cluster: its commands, its partitions, the file system', () => {
  const slurm = {use: 'slurm', partition: 'h100'} as const;
  expect(clientFindings(slurm, () => true)).toMatchObject([{state: 'ok'}]);
  expect(clientFindings(slurm, (command) => command !== 'sbatch')[0]).toMatchObject({
    state: 'fail',
    text: 'sbatch is not on PATH',
  });
  const bid = clientFindings({use: 'htcondor', bid: 50}, (command) => command !== 'condor_submit_bid');
  expect(bid[0]!.text).toBe('condor_submit_bid is not on PATH');

  const said = (stdout: string) => answerFindings(slurm, {code: 0, stdout, stderr: ''})[0]!;
  expect(said('cpu|up\nh100|up\n').state).toBe('ok');
  expect(said('cpu|up\nh100|drain\n').state).toBe('warn');
  expect(said('cpu|up\nh200|up\n')).toMatchObject({state: 'fail', remedy: 'did you mean "h200"?'});
  expect(answerFindings(slurm, undefined)[0]).toMatchObject({state: 'fail', text: 'it does not answer: not in time'});
  const down = {code: 1, stdout: '', stderr: 'slurm_load_partitions: Unable to contact slurm controller\n'};
  expect(answerFindings(slurm, down)[0]!.text).toContain('Unable to contact');
  expect(sharedFinding(slurm, '/home/me', 0xef53)).toMatchObject([{state: 'warn'}]);
  expect(sharedFinding(slurm, '/home/me', 0x6969)).toMatchObject([{state: 'ok'}]); // NFS
  expect(sharedFinding({use: 'local'}, '/home/me', 0xef53)).toEqual([]);
});

test("lines of stages' scripts", () => {
  expect(parseFindings('ok\thub\tit answers\nnoise\nfail\thub\tit is shut\topen it\nmaybe\thub\twhat\n')).toEqual([
    {check: 'hub', state: 'ok', text: 'it answers'},
    {check: 'hub', state: 'fail', text: 'it is shut', remedy: 'open it'},
  ]);
});

test('secrets that cannot be kept out of logs: no perl here, or one too short to be searched for', () => {
  const lengths = new Map([
    ['A_KEY', 7],
    ['B_KEY', 8],
  ]);
  expect(redactionFindings(lengths, true, true)).toMatchObject([
    {state: 'warn', check: 'short key', text: expect.stringMatching(/^A_KEY: shorter than 8 /) as string},
  ]);
  expect(states(redactionFindings(lengths, false, true))).toEqual(['fail perl', 'warn short key']);
  expect(states(redactionFindings(lengths, false, false))).toEqual(['warn short key']);
  expect(redactionFindings(new Map(), false, true)).toEqual([]);
});
