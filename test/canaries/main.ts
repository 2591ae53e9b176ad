// npm run test:canaries -- [PLACE…]
import {existsSync} from 'node:fs';
import {Command} from 'commander';
import {release, type Release} from './run.js';

const LAB = process.env.PTB_TEST_LAB ?? '/tmp/ptb-test-lab';
const AGENTS = ['smoke-sft', 'smoke-idle', 'smoke-cheat', 'smoke-swap', 'stand-in-leaker'];
const ONE = ['--only', 'model=smoke-50k', '--only', 'benchmark=smoke-add', '--set', 'executor.poll=1s'];

const places: Readonly<Record<string, Release>> = {
  smoke: {profiles: ['smoke'], agents: AGENTS},
  cpu: {profiles: ['cpu'], agents: ['cpu-sft', 'cpu-idle', 'stand-in-leaker']},
  slurm: {
    profiles: ['smoke', 'slurm'],
    agents: ['stand-in-leaker'],
    flags: ONE,
    besides: [`${LAB}/slurm`, `${LAB}/log`],
  },
  htcondor: {
    profiles: ['smoke', 'htcondor'],
    agents: ['stand-in-leaker'],
    flags: ONE,
    besides: [`${LAB}/htcondor`, `${LAB}/log`],
  },
};

const [asked] = new Command('test:canaries')
  .description('looks for the keys of every provider in all that pipelines leave, with an agent that spreads them')
  .argument('[places...]', Object.keys(places).join(', '), ['smoke', 'cpu'])
  .parse().processedArgs as [string[]];

for (const place of asked) {
  const {exit, said, found, masked, looks, seconds} = await release({
    ...places[place]!,
    besides: (places[place]!.besides ?? []).filter((folder) => existsSync(folder)),
  });
  console.log(
    `${place}: exit ${exit ?? 'none'} after ${seconds.toFixed(0)} s; ${masked} files with a mask, ${looks} looks at all processes, ` +
      `${found.length} canaries found`,
  );
  for (const one of found) console.log(`  ${one}`);
  if (exit !== 0) console.log(said.trim().split('\n').slice(-5).join('\n'));
  // Where nothing was masked, nothing was tried.
  if (exit !== 0 || found.length > 0 || masked === 0) process.exitCode = 1;
}
