// npm run bench [-- --only a,b,e,f,g]: what ptb costs beside other tools with the same steps (b with c and d). Rounds are interleaved; medians.
// Writes docs/performance.md when it measured everything.
import {readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {execa} from 'execa';
import {circumstances, fileSystem, PTB, type Command} from '../tool.js';
import {bigFiles, describe} from './big-files.js';
import {idle, resumed, stateBytes} from './controller.js';
import {fresh, measure, median, type Measured} from './measure.js';
import {LAST, STAGES, TOOLS, type Tool} from './tools.js';

const {values} = parseArgs({options: {only: {type: 'string'}}});
const wants = (section: string): boolean => values.only === undefined || values.only.split(',').includes(section);
const written: string[] = [];
const say = (...lines: string[]): void => {
  for (const line of lines) process.stdout.write(`${line}\n`);
  written.push(...lines);
};
const table = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): void =>
  say(
    '',
    title,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map((_, n) => (n === 0 ? '---' : '--:')).join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  );
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

const folders: string[] = [];
const place = (name: string): string => {
  const folder = fresh(name);
  folders.push(folder);
  return folder;
};
process.on('exit', () => folders.forEach((folder) => rmSync(folder, {recursive: true, force: true})));

type Laid = {readonly tool: Tool; readonly folder: string; readonly command: Command};

async function lay(tool: Tool, steps: number): Promise<Laid> {
  const folder = place(tool.name);
  return {tool, folder, command: await tool.setUp(folder, steps / STAGES.length)};
}

const ms = (seconds: number): string => (seconds * 1000).toFixed(seconds < 0.0095 ? 2 : 1);
const s = (seconds: number): string => seconds.toFixed(2);
const mb = (megabytes: number): string => megabytes.toFixed(0);

const versions = new Map<Tool, string>();
for (const tool of TOOLS) {
  const version = await tool.version();
  if (version === undefined) progress(`${tool.name} is not installed (${tool.install}): left out`);
  else versions.set(tool, version);
}
const tools = [...versions.keys()];
const [ptb] = tools as [Tool, ...Tool[]];

say(
  '# Performance',
  '',
  `\`npm run bench\`: ${await circumstances()}. ${[...versions]
    .slice(2)
    .map(([{name}, version]) => `${name} ${version}`)
    .join(', ')}. File system: ${await fileSystem(tmpdir())}.`,
);
say(
  "Cells of five steps of trivial commands, two at once; rounds interleaved, medians. Memory is the peak of the tool's own process.",
);

/** a, and what a second call takes when nothing has changed. */
if (wants('a')) {
  const runs = new Map<Tool, Measured[]>();
  const again = new Map<Tool, Measured[]>();
  let state = 0;
  for (let round = 0; round < 3; round++) {
    for (const tool of tools) {
      if (round > 0 && tool.most < 10_000) continue; // Minutes each.
      const steps = Math.min(1000, tool.most);
      const {folder, command} = await lay(tool, steps);
      const ran = await measure(command, folder);
      progress(`${tool.name}: ${ms(ran.seconds / steps)} ms a step`);
      runs.set(tool, [...(runs.get(tool) ?? []), ran]);
      if (tool.edit) again.set(tool, [...(again.get(tool) ?? []), await measure(command, folder)]);
      if (tool === ptb) state = stateBytes(folder, steps);
      rmSync(folder, {recursive: true});
    }
  }
  const perStep = (tool: Tool): number =>
    median(runs.get(tool)!.map(({seconds}) => seconds)) / Math.min(1000, tool.most);
  table(
    'a. All steps of 200 cells (DVC: of 20), and the same call again with nothing to do',
    ['', 'ms a step', 'to ptb', 'MB', 'nothing to do, s'],
    tools.map((tool) => {
      const no = again.get(tool);
      return [
        tool.name,
        ms(perStep(tool)),
        (perStep(tool) / perStep(ptb)).toFixed(2),
        mb(median(runs.get(tool)!.map(({megabytes}) => megabytes))),
        no ? s(median(no.map(({seconds}) => seconds))) : '',
      ];
    }),
  );
  say('', `ptb keeps ${(state / 1000).toFixed(2)} kB of each step beside its outputs and logs.`);
  const {folder, command} = await lay(ptb, 10_000);
  const long = await measure(command, folder);
  say(
    `10 000 steps: ${ms(long.seconds / 10_000)} ms a step, ${((long.seconds / 10 / (perStep(ptb) * 1000) - 1) * 100).toFixed(0)} % more than 1000.`,
  );
  rmSync(folder, {recursive: true});
}

/** b, c and d: all made, nothing to do; one cell changed; killed in the last stage. */
if (wants('b')) {
  const rows: string[][] = [];
  for (const tool of tools.filter(({mostMade, name}) => mostMade > 0 && !name.endsWith('bwrap'))) {
    for (const steps of [1000, 10_000, ...(tool === ptb ? [50_000, 100_000] : [])]) {
      if (steps > tool.mostMade) continue;
      const {folder, command} = await lay(tool, steps);
      const planned =
        tool === ptb ? await measure({argv: [process.execPath, PTB, 'pipeline', 'plan']}, folder) : undefined;
      progress(`${tool.name}: making ${steps} steps`);
      await (tool.make ? tool.make(folder, steps / STAGES.length) : measure(command, folder));
      if (tool === ptb) {
        await measure(command, folder); // Makes the ledger.
        await new Promise((resolve) => setTimeout(resolve, 2500));
        await measure(command, folder); // The folders are old enough to be trusted by their times.
      }
      const no = [await measure(command, folder)];
      while (no.length < 3 && no[0]!.seconds < 3) no.push(await measure(command, folder));
      const row = [
        `${tool.name}, ${steps} steps`,
        s(median(no.map(({seconds}) => seconds))),
        mb(median(no.map(({megabytes}) => megabytes))),
        planned ? s(planned.seconds) : '',
      ];
      if (steps <= 10_000) {
        tool.edit!(folder, steps / STAGES.length);
        row.push(s((await measure(command, folder)).seconds), await afterKill(tool, folder, command));
      } else row.push('', '');
      rows.push(row);
      progress(row.join(' '));
      rmSync(folder, {recursive: true});
    }
  }
  table(
    'b, c, d. Nothing to do; planning from nothing; the five steps of one changed cell (ptb: of one cell more); after SIGKILL in the last stage, until the next output (ptb: and until the first decision). ptb on a store filled with results as it commits them',
    ['', 'nothing to do, s', 'MB', 'plan from nothing, s', 'one cell, s', 'after SIGKILL, s'],
    rows,
  );
}

/** DVC takes nothing up: what its lock does not name yet it makes again, one at a time. */
async function afterKill(tool: Tool, folder: string, command: Command): Promise<string> {
  if (tool.name.startsWith('DVC')) return '';
  const made = tool === ptb ? LAST.ptb : LAST.peer;
  if (tool === ptb) rmSync(join(folder, made), {recursive: true});
  else for (const name of readdirSync(join(folder, made))) if (name.endsWith('.5')) rmSync(join(folder, made, name));
  const {output, decision} = await resumed(folder, command, tool.resume ?? command, made);
  return decision === undefined ? s(output) : `${s(output)} (${s(decision)})`;
}

if (wants('e')) {
  const folder = place('start');
  await ptb.setUp(folder, 200);
  const calls: readonly (readonly [string, readonly string[]])[] = [
    ['node -e 0', ['-e', '0']],
    ['ptb --help', [PTB, '--help']],
    ['ptb pipeline validate', [PTB, 'pipeline', 'validate']],
    ['ptb pipeline status', [PTB, 'pipeline', 'status', '--json']],
  ];
  const times = new Map<string, number[]>(calls.map(([name]) => [name, []]));
  for (let round = 0; round < 15; round++) {
    for (const [name, args] of calls)
      times.get(name)!.push((await measure({argv: [process.execPath, ...args]}, folder)).seconds);
  }
  const base = median(times.get('node -e 0')!);
  table(
    'e. Start-up (1000 steps in the project)',
    ['', 'ms', 'to node -e 0'],
    calls.map(([name]) => [name, ms(median(times.get(name)!)), (median(times.get(name)!) / base).toFixed(1)]),
  );
}

if (wants('f')) {
  const {percent, megabytes} = await idle(place('idle'));
  say(
    '',
    `f. While 64 jobs run for a minute the controller takes ${percent.toFixed(2)} % of one core and at most ${mb(megabytes)} MB.`,
  );
}

if (wants('g')) say('', describe(await bigFiles(place('big'))));

/** Read off `perf record -a` over a run of 1000 steps (a), and `--cpu-prof` of a plan of 100 000 steps. */
say(
  '',
  '## What bounds it',
  '',
  'A step of a millisecond keeps both processors busy for 13 ms. Of `perf record -a` over 1000 steps (2026-12-01, the same machine) 6.5 ms',
  "are bash: a fork of the shell that starts the jobs, one for the command, one for the watch over time and memory; 4.0 ms the controller; 1.7 ms the step's",
  'own `sh` and `cat`; 0.6 ms nobody. Of the 6.5 ms 1.8 are pages that a fork copies when it writes to them, 1.0 forks and ends of',
  "processes, 2.5 bash's own work. bwrap adds 7.9 ms, a third of them its mounts, 0.7 ms the kernel's end of a network namespace, 0.7 ms the `sh`",
  'that limits processes inside; 1.8 ms nobody has work, since the kernel waits for all processors when namespaces end.',
  '',
  "On ext4 without a journal every step costs more, and more from run to run, the peers' too: to make a file the kernel then passes over all",
  'that were deleted in the last minutes, one by one (`recently_deleted`, a quarter of all samples). Take TMPDIR=/dev/shm there.',
  '',
  'With nothing to do among 1000 steps, a third of the time is the start of Node, most of the rest the loading of ptb and of the',
  "project's YAML. From 10 000 steps on it is the plan, some 20 microseconds a step: the step itself, the SHA-256 of its key's document,",
  'and its line of the ledger.',
);

if (values.only === undefined) {
  const simulator = fileURLToPath(new URL('../simulate/main.ts', import.meta.url));
  const {stdout} = await execa('npx', ['tsx', simulator]);
  say(
    '',
    '## GPU-hours',
    '',
    '`npm run bench:simulate`: the published runs once more, by one script per cell that holds its GPU to the end, as upstream runs them, and',
    "by ptb's own queue:",
    '',
    '```',
    stdout.trim(),
    '```',
  );
  writeFileSync(
    join(fileURLToPath(new URL('../../docs', import.meta.url)), 'performance.md'),
    `${written.join('\n')}\n`,
  );
}
