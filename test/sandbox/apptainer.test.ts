import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {findSandbox, hostRoot} from '../../src/run/find-sandbox.js';
import {apptainer} from '../../src/sandbox/apptainer.js';
import {LAB_BIN, labHas, USER} from '../lab/lab.js';
import {sandboxContract} from './contract.js';

if (labHas('apptainer')) {
  const scratch = mkdtempSync(join(tmpdir(), 'ptb-apptainer-'));
  chmodSync(scratch, 0o755);
  afterAll(() => rmSync(scratch, {recursive: true}));
  const path = `${LAB_BIN}:${process.env.PATH}`;

  sandboxContract(
    'apptainer, image host, as whoever runs the tests',
    async () => {
      const found = await findSandbox({use: 'apptainer', expose: []}, {path, home: scratch, tools: '/', scratch});
      if (found.kind === 'not-ready') throw new Error(`${found.message}; ${found.remedy}`);
      return found;
    },
    {},
  );

  sandboxContract(
    'apptainer, image host, as an ordinary user',
    () => {
      const settings = {program: join(LAB_BIN, 'apptainer'), userns: false, path, home: USER.home};
      return Promise.resolve(apptainer({...settings, ...hostRoot([], scratch)}));
    },
    {},
    USER,
  );
}
