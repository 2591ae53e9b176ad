// npm run test:chaos -- --kills N [--seed S] [--sandbox none|bwrap] [--executor local|slurm|htcondor] [--json]
import {randomBytes} from 'node:crypto';
import {Command, Option} from 'commander';
import {describeMoments, runSuite} from './rounds.js';
import type {ExecutorKind, SandboxKind} from './project.js';

const {kills, seed, sandbox, executor, json} = new Command('test:chaos')
  .description('kills controllers and jobs at random moments, and compares with an undisturbed run')
  .option('--kills <count>', 'controllers to kill', (text) => Number(text), 300)
  .option('--seed <seed>', 'of the random decisions', randomBytes(4).toString('hex'))
  .addOption(new Option('--sandbox <kind>').choices(['none', 'bwrap']).default('none'))
  .addOption(
    new Option('--executor <kind>', 'the lab of test/lab, where it is not local')
      .choices(['local', 'slurm', 'htcondor'])
      .default('local'),
  )
  .option('--json', 'the sum as JSON on stdout')
  .parse()
  .opts<{kills: number; seed: string; sandbox: SandboxKind; executor: ExecutorKind; json?: boolean}>();

const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
say(`seed ${seed}`);
const sum = await runSuite({kills, seed, where: {sandbox, executor}, report: say});
if (json) {
  const moments = Object.fromEntries(sum.moments);
  process.stdout.write(`${JSON.stringify({version: 1, seed, sandbox, executor, ...sum, moments})}\n`);
} else {
  say(`controllers killed with: ${describeMoments(sum)}`);
  say(`${sum.kills} kills, ${sum.resumes} resumes, ${sum.jobKills} jobs killed, ${sum.violations.length} violations`);
}
process.exitCode = sum.violations.length === 0 ? 0 : 1;
