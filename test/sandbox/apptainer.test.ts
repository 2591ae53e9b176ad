import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {HOST} from '../../src/config/image.js';
import {findSandbox, hostRoot} from '../../src/run/find-sandbox.js';
import {apptainer} from '../../src/sandbox/apptainer.js';
import {BASE, LAB_BIN, labHas, USER} from '../lab/lab.js';
import {sandboxContract, type NotGuaranteed} from './contract.js';

if (labHas('apptainer')) {
  const scratch = mkdtempSync(join(tmpdir(), 'ptb-apptainer-'));
  chmodSync(scratch, 0o755);
  afterAll(() => rmSync(scratch, {recursive: true}));
  const path = `${LAB_BIN}:${process.env.PATH}`;

  const notGuaranteed: NotGuaranteed = {
    'more memory than it asked for ends the job, and only it':
      'it needs control groups of version 2, delegated to the user',
  };
  const byUser = () =>
    Promise.resolve(
      apptainer({
        program: join(LAB_BIN, 'apptainer'),
        userns: false,
        limitsMemory: false,
        pulled: (digest) => digest,
        own: [
          ['PATH', path],
          ['HOME', USER.home],
        ],
        ...hostRoot([], scratch),
      }),
    );

  sandboxContract(
    'apptainer, image host, as whoever runs the tests',
    async () => {
      const user = {uid: process.getuid!(), gid: process.getgid!()};
      const host = {path, home: scratch, tools: '/', scratch, user};
      const found = await findSandbox({use: 'apptainer', image: HOST, expose: []}, host);
      if (found.kind === 'not-ready') throw new Error(`${found.message}; ${found.remedy}`);
      return found;
    },
    notGuaranteed,
  );
  sandboxContract('apptainer, image host, as an ordinary user', byUser, notGuaranteed, USER);
  sandboxContract('apptainer, a SIF file, as an ordinary user', byUser, notGuaranteed, USER, {
    kind: 'file',
    path: `${BASE}.sif`,
  });
}
