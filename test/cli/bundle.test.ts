import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {project} from '../config/project.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test("a bug's stack names the places in the sources, although the command line is a bundle", async () => {
  const broken = 'data:text/javascript,process.stdout.write = () => { throw new TypeError("bait") }';
  const {exitCode, stderr} = await execa(process.execPath, ['--import', broken, MAIN, 'pipeline', 'graph'], {
    cwd: project(),
    reject: false,
  });
  expect(exitCode).toBe(70);
  expect(stderr).toMatch(/^internal error, please report it:\nTypeError: bait\n/);
  expect(stderr).toMatch(/src\/cli\/terminal\.ts:\d+:\d+/);
  expect(stderr).toMatch(/at (?:Module\.)?graphCommand \(src\/cli\/graph\.ts:\d+:\d+\)/);
  expect(stderr).not.toMatch(/dist\/\w+\/[\w-]+\.js/);
});
