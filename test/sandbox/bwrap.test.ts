import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {findSandbox} from '../../src/run/find-sandbox.js';
import {HOST} from '../../src/config/image.js';
import {bwrap} from '../../src/sandbox/bwrap.js';
import {newProject} from '../rig/project.js';
import {sandboxContract} from './contract.js';

const tools = fileURLToPath(new URL('../../dist/tools/bin', import.meta.url));

sandboxContract(
  'bwrap',
  async () => {
    const host = {path: process.env.PATH!, home: '/', tools, scratch: '/nonexistent'};
    const found = await findSandbox({use: 'bwrap', image: HOST, expose: []}, host);
    if (found.kind === 'not-ready') throw new Error(`${found.message}; ${found.remedy}`);
    return found;
  },
  {'more memory than it asked for ends the job, and only it': 'it sets no control group'},
);

test('is an argument vector that can be printed', () => {
  const sandbox = bwrap('/usr/bin/bwrap', [
    {kind: 'folder', path: '/usr'},
    {kind: 'link', path: '/bin', target: 'usr/bin'},
  ]);
  const mounts = [
    {from: '/runs/a b/work', to: '/work', access: 'write'},
    {from: '/runs/in', to: '/ptb/in', access: 'read'},
  ] as const;
  const spec = {
    name: 'job',
    image: HOST,
    mounts,
    workdir: '/work',
    network: 'host',
    gpus: 'none',
    environment: [],
    memoryMb: 100,
    processes: 100,
  } as const;
  const shared = '--unshare-all --share-net --die-with-parent --new-session';
  expect(sandbox.wrap(spec, ['bash', 'run.sh', 'two words'])).toEqual([
    '/usr/bin/bwrap',
    ...shared.split(' '),
    ...['--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--bind', '/runs/a b/work', '/work', '--ro-bind', '/runs/in', '/ptb/in'],
    ...['--chdir', '/work', '--'],
    ...['sh', '-c', '{ ulimit -u 100 || ulimit -p 100; } 2>/dev/null; exec "$@"', 'sh'],
    ...['bash', 'run.sh', 'two words'],
  ]);
  expect(sandbox.wrap({...spec, network: 'none'}, ['true'])).not.toContain('--share-net');
});

test('a step sees the same names wherever the project lies, and nothing of the machine', async () => {
  await using project = await newProject();
  const declared = {for: ['model'], needs: ['fetch'], sandbox: {}, outputs: {env: 'env', ls: 'ls'}};
  project.stage('fetch', {run: ['bash', '-c', 'echo weights >out.txt']});
  project.stage('train', {...declared, run: ['bash', 'run.sh']});
  project.write({'stages/train/run.sh': 'tr "\\0" "\\n" </proc/$$/environ >env; ls -R /ptb /work >ls'});
  project.pipeline({sandbox: {use: 'bwrap'}});
  const run = await project.run().ended;
  expect(run).toMatchObject({code: 0, stderr: ''});
  const out = join(project.results('train')[0]!.dir, 'out');
  expect(readFileSync(join(out, 'env'), 'utf8').trim().split('\n').sort()).toEqual([
    'HOME=/home/ptb',
    'LANG=C.UTF-8',
    expect.stringMatching(/^PATH=\/usr/),
    'PTB_FILES=/ptb/files',
    'PTB_IN_FETCH=/ptb/in/fetch',
    'PTB_MODEL=tiny',
    'PTB_OUT=/ptb/out',
    'PTB_STEP=/ptb/step.json',
    'PWD=/work',
  ]);
  expect(readFileSync(join(out, 'ls'), 'utf8')).toContain('/ptb/in/fetch:\nout.txt\n');
});
