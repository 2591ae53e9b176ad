// npm run bench:cluster -- [--jobs 200] [--ready 500]: on the Slurm of test/lab, as root.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {Command} from 'commander';
import {execa} from 'execa';
import {stringify} from 'yaml';
import {LAB_BIN} from '../../test/lab/lab.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CLIENTS = ['sbatch', 'squeue', 'scancel', 'sacct'] as const;
const POLL_SECONDS = 1;

const {jobs, ready} = new Command('bench:cluster')
  .option('--jobs <count>', 'one-second jobs', Number, 200)
  .option('--ready <count>', 'steps that are ready at once; 0 leaves this part out', Number, 0)
  .parse()
  .opts<{jobs: number; ready: number}>();

const root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-bench-cluster-')));
const counting = join(root, 'counting');
const callsOf = (client: string): number => {
  const file = join(counting, `${client}.calls`);
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
};

/** What a user would write: a loop of sbatch, then squeue until nothing is left. */
async function plain(): Promise<number> {
  const began = Date.now();
  const script = `
for ((n = 0; n < ${jobs}; n++)); do
  sbatch --parsable --job-name=plain --mem=100M --output=/dev/null --wrap='sleep 1; echo x >${root}/plain.$SLURM_JOB_ID' >/dev/null || exit
done
while [ -n "$(squeue --noheader --name=plain --format=%i)" ]; do sleep ${POLL_SECONDS}; done`;
  await execa('bash', ['-c', script], {env: {PATH: `${LAB_BIN}:${process.env.PATH!}`}});
  return (Date.now() - began) / 1000;
}

function project(name: string, count: number, command: string, executor: object): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'stages/work'), {recursive: true});
  const matrix = {n: Array.from({length: count}, (_, n) => `n${n}`)};
  const settings = {use: 'slurm', poll: `${POLL_SECONDS}s`, 'max-jobs': 1000, ...executor};
  writeFileSync(
    join(folder, 'pipeline.yaml'),
    stringify({name, matrix, executor: settings, sandbox: {use: 'none'}, stages: {}}),
  );
  const stage = {
    for: ['n'],
    run: ['bash', '-c', command],
    outputs: {out: 'out.txt'},
    resources: {cpus: 1, memory: '100MB'},
  };
  writeFileSync(join(folder, 'stages/work/stage.yaml'), stringify(stage));
  return folder;
}

async function ptb(cwd: string, ...args: readonly string[]): Promise<number> {
  const began = Date.now();
  const {exitCode, stderr} = await execa(process.execPath, [MAIN, 'pipeline', ...args], {
    cwd,
    env: {PATH: `${counting}:${LAB_BIN}:${process.env.PATH!}`, HOME: root},
    extendEnv: false,
    reject: false,
  });
  if (exitCode !== 0) throw new Error(stderr);
  return (Date.now() - began) / 1000;
}

function countCalls(): void {
  rmSync(counting, {recursive: true, force: true});
  mkdirSync(counting);
  for (const client of CLIENTS) {
    const file = join(counting, client);
    writeFileSync(file, `#!/bin/sh\necho >>${file}.calls\nexec ${LAB_BIN}/${client} "$@"\n`);
    chmodSync(file, 0o755);
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const told = (): string => CLIENTS.map((client) => `${callsOf(client)} ${client}`).join(', ');
try {
  say(
    `${cpus().length} CPUs, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]!}, ${new Date().toISOString()}`,
  );
  if (jobs > 0) {
    const loop = await plain();
    say(`plain: ${jobs} one-second jobs in ${loop.toFixed(1)} s`);
    await sleep(1000);
    countCalls();
    const ours = await ptb(project('ours', jobs, 'sleep 1; echo x >out.txt', {'submit-rate': 100}), 'run', '--quiet');
    say(
      `ptb:   ${jobs} one-second jobs in ${ours.toFixed(1)} s, ${((ours / loop - 1) * 100).toFixed(1)} % more; ${told()}`,
    );
    say(
      `       ${(callsOf('squeue') / (ours / POLL_SECONDS)).toFixed(2)} squeue per poll interval of ${POLL_SECONDS} s`,
    );
  }
  if (ready > 0) {
    countCalls();
    const folder = project('ready', ready, 'sleep 1000', {poll: '10s', flags: ['--hold']});
    const seconds = await ptb(folder, 'run', '--quiet', '--detach');
    say(`${ready} ready steps submitted in ${seconds.toFixed(1)} s at the default rate; ${told()}`);
    countCalls();
    say(`stopped in ${(await ptb(folder, 'stop')).toFixed(1)} s; ${told()}`);
  }
} finally {
  rmSync(root, {recursive: true, force: true, maxRetries: 3});
}
