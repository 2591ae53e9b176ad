import {execa} from 'execa';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, onTestFinished, test} from 'vitest';
import {LAB_BIN, labHas} from '../lab/lab.js';
import {copyProject} from './project.js';

// One cell of the smoke profile in each sandbox that runs the machine's own system: the same stages, the same score as in bubblewrap.

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CELL = ['agent=smoke-idle', 'model=smoke-50k', 'benchmark=smoke-add'].flatMap((part) => ['--only', part]);
const scores = new Map<string, number>();

for (const use of ['apptainer', 'podman'].filter(labHas)) {
  test(`a cell of the smoke profile in ${use}`, {timeout: 240_000}, async () => {
    const project = mkdtempSync(join(tmpdir(), `ptb-slice-${use}-`));
    onTestFinished(() => rmSync(project, {recursive: true, force: true}));
    await copyProject(project);
    const {exitCode, stdout, stderr} = await execa(
      'node',
      [MAIN, 'pipeline', 'run', '--profile', 'smoke', '--set', `sandbox.use=${use}`, ...CELL, '--json'],
      {cwd: project, reject: false, env: {PATH: `${LAB_BIN}:${process.env.PATH}`}},
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"counts":{"cached":0,"done":11,"failed":0');
    const table = await execa('node', [MAIN, 'table', '--profile', 'smoke', ...CELL, '--format', 'json'], {
      cwd: project,
    });
    const {cells} = JSON.parse(table.stdout) as {cells: {kind: string; score: number}[]};
    expect(cells).toMatchObject([{kind: 'measured'}]);
    scores.set(use, cells[0]!.score);
    expect(new Set(scores.values()).size).toBe(1);
  });
}
