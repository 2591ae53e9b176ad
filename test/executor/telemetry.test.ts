import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, onTestFinished, test} from 'vitest';
import {guardCommand} from '../../src/executor/gpu-guard.js';
import {jobScript} from '../../src/executor/job-script.js';
import {readTelemetry, summarize} from '../../src/report/telemetry.js';
import {processesBelow} from '../rig/processes.js';

const UUIDS = ['GPU-aaaa', 'GPU-bbbb'];

/** A stand-in for nvidia-smi: two GPUs, sampled five times a second where it is asked to go on. */
const NVIDIA_SMI = `#!/bin/bash
# stand-in
case "$*" in
  *--query-compute-apps*) ;;
  *utilization.gpu*)
    echo "$@" >>"$(dirname "$0")/asked"
    while :; do
      printf '%s\\n' '${UUIDS[0]}, 50, 2000, 143771, 300.50' '${UUIDS[1]}, [N/A], 4000, 143771, [Not Supported]'
      sleep 0.2
    done ;;
  *) printf '%s, NVIDIA H200, 0\\n' ${UUIDS.join(' ')} ;;
esac
`;

test("a job's GPUs are named in its exit record and sampled while it runs, and nothing of that outlives it", async () => {
  const root = mkdtempSync(join(tmpdir(), 'ptb-telemetry-'));
  onTestFinished(() => rmSync(root, {recursive: true}));
  writeFileSync(join(root, 'nvidia-smi'), NVIDIA_SMI);
  chmodSync(join(root, 'nvidia-smi'), 0o755);
  const environment = [['PATH', `${root}:${process.env.PATH}`]] as const;
  const list = join(root, 'claimed', 'gpus');
  const failure = join(root, 'failure.json');
  const guard = guardCommand({count: 2, name: 'H200', failure, list, write: ['true']});
  const phase = {workdir: root, environment};
  writeFileSync(
    join(root, 'job.sh'),
    jobScript({
      title: 'telemetry',
      dir: root,
      secrets: [],
      guard: {...phase, command: guard},
      run: {...phase, command: ['sleep', '1'], graceSeconds: 1, ends: 'open'},
    }),
  );
  const env = {PATH: environment[0][1], CUDA_VISIBLE_DEVICES: UUIDS.join(',')};
  await execa('bash', ['job.sh'], {cwd: root, env, extendEnv: false});
  expect(JSON.parse(readFileSync(join(root, 'exit.json'), 'utf8'))).toMatchObject({phase: 'run', code: 0, gpus: UUIDS});
  const samples = readTelemetry(join(root, 'telemetry.jsonl'));
  expect(samples.length).toBeGreaterThan(4);
  expect(samples[1]).toMatchObject({gpu: 'GPU-bbbb', utilization: null, memoryMb: 4000, totalMb: 143771, watts: null});
  expect(summarize(samples)).toMatchObject({gpus: 2, meanUtilization: 50, maxMemoryMb: 4000, maxWatts: 300.5});
  expect(readFileSync(join(root, 'asked'), 'utf8')).toMatch(/^-i GPU-aaaa,GPU-bbbb .*-l 10/);
  expect(processesBelow(root)).toEqual([]);
});
