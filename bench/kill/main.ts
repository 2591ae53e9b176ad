// npm run bench:kill [-- TOOL…]: eight cells of eight seconds, two at once. After four seconds SIGKILL to the process that
// runs them, and at once the same command again. How many trainings does it take, and what does it ask for?
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import Table from 'cli-table3';
import {circumstances, type Command} from '../tool.js';
import {CELLS, TOOLS, type Tool} from './tools.js';

const KILL_AFTER_MS = 4000;

type Row = {
  readonly version: string;
  readonly started: string;
  readonly atOnce: string;
  readonly needed: string;
  readonly seconds: string;
};

async function measure(tool: Tool, version: string): Promise<Row> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `kill-${tool.name.toLowerCase()}-`)));
  copyFileSync(fileURLToPath(new URL('train.sh', import.meta.url)), join(folder, 'train.sh'));
  const command = await tool.setUp(folder);
  const first = start(command, folder);
  await sleep(KILL_AFTER_MS);
  first.kill('SIGKILL');
  await once(first, 'exit');

  const began = Date.now();
  let {code, said} = await toEnd(command, folder);
  const needed = code === 0 ? [] : [lastWords(said)];
  for (const flags of tool.remedies) {
    if (code === 0) break;
    ({code, said} = await toEnd({...command, argv: [...command.argv, ...flags]}, folder));
    if (flags.includes('--unlock')) code = null; // that is not yet a run
    if (flags.length > 0) needed.push(flags.join(' '));
    if (code !== 0 && code !== null) needed.push(lastWords(said));
  }
  const seconds = (Date.now() - began) / 1000;
  await orphansEnd(folder);
  const lines = logOf(folder);
  const started = lines.filter(([what]) => what === 'start').length;
  const cells = new Set(lines.filter(([what]) => what === 'end').map(([, cell]) => cell)).size;
  const ended = code === 0 && cells === CELLS.length;
  rmSync(folder, {recursive: true, force: true});
  return {
    version,
    started: ended ? `${started}` : `${started}, not all done`,
    atOnce: `${atOnce(lines)}`,
    needed: needed.length === 0 ? 'nothing' : needed.join('\n'),
    seconds: seconds.toFixed(0),
  };
}

/** What it says goes to a file: orphans that hold a pipe open would look like the tool itself. */
function start({argv: [file, ...args], env}: Command, folder: string): ChildProcess {
  const said = openSync(join(folder, 'said'), 'w');
  const child = spawn(file, args, {
    cwd: folder,
    env: {...process.env, ...env},
    stdio: ['ignore', said, said],
    detached: true,
  });
  closeSync(said);
  return child;
}

async function toEnd(command: Command, folder: string): Promise<{readonly code: number | null; readonly said: string}> {
  const [code] = (await once(start(command, folder), 'exit')) as [number | null];
  return {code, said: readFileSync(join(folder, 'said'), 'utf8')};
}

/** The line that says why. */
const lastWords = (said: string): string =>
  said
    .split('\n')
    .find((line) => /error|exception/i.test(line))
    ?.slice(0, 60) ?? 'it fails';

const logOf = (folder: string): string[][] =>
  existsSync(join(folder, 'log'))
    ? readFileSync(join(folder, 'log'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' '))
    : [];

/** Trainings that nobody waits for end by themselves. */
async function orphansEnd(folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const lines = logOf(folder);
    const ended = new Set(lines.filter(([what]) => what === 'end').map(([, , pid]) => pid));
    if (lines.every(([, , pid]) => ended.has(pid) || !existsSync(`/proc/${pid}`))) return;
    await sleep(500);
  }
}

function atOnce(lines: readonly string[][]): number {
  let now = 0;
  let most = 0;
  for (const [what] of lines) most = Math.max(most, (now += what === 'start' ? 1 : -1));
  return most;
}

const names = process.argv.slice(2);
const table = new Table({
  head: ['', 'version', `trainings for ${CELLS.length} cells`, 'at once', 'what the second run needs', 'its seconds'],
  style: {head: [], border: []},
});
for (const tool of TOOLS.filter(({name}) => names.length === 0 || names.includes(name))) {
  const version = await tool.version();
  if (version === undefined) {
    table.push([tool.name, 'not installed', '', '', tool.install, '']);
    continue;
  }
  process.stderr.write(`${tool.name} ${version} …\n`);
  const {started, atOnce, needed, seconds} = await measure(tool, version);
  table.push([tool.name, version, started, atOnce, needed, seconds]);
}
process.stdout.write(`${table.toString()}\n${await circumstances()}\n`);
