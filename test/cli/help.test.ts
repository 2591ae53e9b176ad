import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {newProject} from '../rig/project.js';

const README = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

test('every command that --help lists is in the README', async () => {
  await using project = await newProject();
  const commands = async (...group: string[]): Promise<string[]> => {
    const {code, stdout} = await project.ptb(...group, '--help').ended;
    expect(code).toBe(0);
    const listed = stdout.slice(stdout.indexOf('\nCommands:'));
    return [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
  };
  const top = await commands();
  expect(top).toEqual('pipeline table report why step audit store doctor import export lock new completion'.split(' '));
  const missing: string[] = [];
  for (const group of top) {
    for (const leaf of ['pipeline', 'step', 'audit', 'store', 'import', 'export', 'new'].includes(group)
      ? await commands(group)
      : ['']) {
      // Several stand together: ptb step list|show|logs.
      const named = new RegExp(`ptb ${group}${leaf === '' ? '' : ` (?:[a-z-]+\\|)*${leaf}`}\\b`);
      if (!named.test(README)) missing.push(`${group} ${leaf}`.trim());
    }
  }
  expect(missing).toEqual([]);
});
