import {chmodSync, chownSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll} from 'vitest';
import {HOST} from '../../src/config/image.js';
import {findSandbox, hostRoot} from '../../src/run/find-sandbox.js';
import {podman} from '../../src/sandbox/podman.js';
import {LAB_BIN, labHas, USER} from '../lab/lab.js';
import {sandboxContract} from './contract.js';

if (labHas('podman')) {
  const scratch = mkdtempSync(join(tmpdir(), 'ptb-podman-'));
  afterAll(() => rmSync(scratch, {recursive: true}));
  const path = `${LAB_BIN}:${process.env.PATH}`;
  const program = join(LAB_BIN, 'podman');

  sandboxContract(
    'podman, image host, as root',
    async () => {
      const host = {path, home: scratch, tools: '/', scratch};
      const found = await findSandbox({use: 'podman', image: HOST, expose: []}, host);
      if (found.kind === 'not-ready') throw new Error(`${found.message}; ${found.remedy}`);
      return found;
    },
    {},
  );

  const rootless = mkdtempSync(join(tmpdir(), 'ptb-podman-'));
  chmodSync(rootless, 0o755);
  afterAll(() => rmSync(rootless, {recursive: true}));
  const {stdout: listed} = await execa(program, ['image', 'inspect', '--format', '{{.Digest}}', 'localhost/base'], {
    uid: USER.uid,
    gid: USER.gid,
    cwd: '/',
    env: {HOME: USER.home},
  });
  sandboxContract(
    'podman, an OCI image, as an ordinary user',
    () => {
      const own = [
        ['PATH', path],
        ['HOME', USER.home],
      ] as const;
      const settings = {program, kind: 'podman', cdi: false, limitsMemory: false, own} as const;
      chownSync(rootless, USER.uid, USER.gid);
      return Promise.resolve(podman({...settings, ...hostRoot([], rootless)}));
    },
    {'more memory than it asked for ends the job, and only it': 'rootless, it needs control groups of version 2'},
    USER,
    {kind: 'oci', reference: `localhost/base@${listed}`, digest: listed},
  );
}
