// npm run test:load [-- --jobs N --seconds S --watchers W]: that many jobs at once, each writing 1 MB/s of log, and that many
// `ptb pipeline status --watch` beside them. Every line is numbered and looked for; the processor time of controller and watchers is
// that of /proc.
import {cpus, totalmem} from 'node:os';
import {parseArgs} from 'node:util';
import {load} from './load.js';

const {values} = parseArgs({
  options: {
    jobs: {type: 'string', default: '64'},
    seconds: {type: 'string', default: '60'},
    watchers: {type: 'string', default: '20'},
  },
});
const [jobs, seconds, watchers] = [values.jobs, values.seconds, values.watchers].map(Number) as [
  number,
  number,
  number,
];
const found = await load({jobs, seconds, watchers, mbPerSecond: 1});
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
process.stdout.write(
  [
    `${jobs} jobs, ${found.logMb.toFixed(0)} MB of log in ${found.seconds.toFixed(0)} s: ${found.wrong.length === 0 ? 'every line is there, whole and in its place' : 'WRONG'}`,
    ...found.wrong.slice(0, 10).map((one) => `  ${one}`),
    `controller: ${percent(found.controller.cpu)} of a core, ${found.controller.mb.toFixed(0)} MB`,
    `${watchers} status --watch: ${percent(found.watchers.cpu)} of a core together, ${found.watchers.mb.toFixed(0)} MB each`,
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
    '',
  ].join('\n'),
);
process.exitCode = found.wrong.length === 0 && found.controller.cpu < 0.05 ? 0 : 1;
