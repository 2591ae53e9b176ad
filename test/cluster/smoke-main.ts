// npm run test:smoke-places -- [PLACE…] [--only axis=value]…
import {Command} from 'commander';
import {differing, smokeAt, type Place} from './smoke.js';

const command = new Command('test:smoke-places')
  .description('runs the smoke profile in several places of the lab, and compares digests and tables')
  .argument('[places...]', 'local, slurm, htcondor; the first is what the others are compared with', [
    'local',
    'slurm',
    'htcondor',
  ])
  .option('--only <axis=values>', 'of these cells; may be repeated', (one: string, all: string[]) => [...all, one], [])
  .parse();
const flags = command.opts<{only: string[]}>().only.flatMap((one) => ['--only', one]);
const [first, ...others] = command.processedArgs[0] as Place[];
const reference = await smokeAt(first!, flags);
console.log(`${first!}: ${reference.digests.size} outputs, ${reference.seconds.toFixed(1)} s`, reference.table);
for (const place of others) {
  const smoke = await smokeAt(place, flags);
  const other = differing(reference, smoke);
  console.log(`${place}: ${smoke.digests.size} outputs, ${smoke.seconds.toFixed(1)} s`, smoke.table);
  console.log(`  ${other.length} of them with other digests than on ${first!}${other.length > 0 ? ':' : ''}`);
  for (const output of other) console.log(`  ${output}`);
}
