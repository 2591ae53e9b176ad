// npm run fuzz -- --runs N --seed S [--case K]: spoiled input of every kind. No stack trace, nothing that hangs, dies or takes 512 MB, a place
// for every mistake. A finding is named by its seed and number.
import {parseArgs} from 'node:util';
import {fuzz, giants} from './fuzz.js';
import {Random} from './random.js';
import {SHARES, TARGETS} from './targets/index.js';

const {values} = parseArgs({
  options: {runs: {type: 'string', default: '20000'}, seed: {type: 'string', default: '1'}, case: {type: 'string'}},
});
const seed = Number(values.seed);
if (values.case !== undefined) {
  const random = new Random(seed * 1_000_003 + Number(values.case));
  using target = await TARGETS[random.pick(SHARES)]();
  const {code, said, wrong} = await target.run(random);
  process.stdout.write(`${JSON.stringify(said)}\n${target.name}: exit ${code}; ${wrong ?? 'nothing wrong'}\n`);
} else {
  const began = performance.now();
  let told = 0;
  const {findings, peakMb} = await fuzz(Number(values.runs), seed, (done, found) => {
    for (const {n, target, wrong, said} of found.slice(told))
      process.stdout.write(`case ${n} (${target}): ${wrong}\n${said.replace(/^/gm, '    ')}\n`);
    told = found.length;
    process.stderr.write(`${done} cases\n`);
  });
  const large = await giants();
  for (const {target, wrong, said} of large.findings) process.stdout.write(`${target}: ${wrong}\n${said}\n`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(
    `${values.runs} cases, seed ${seed}: ${findings.length} findings, at most ${peakMb.toFixed(0)} MB; files of 100 MB and 100 000 levels: ${large.findings.length} findings, at most ${large.peakMb.toFixed(0)} MB; ${seconds} s\n`,
  );
  process.exitCode = findings.length + large.findings.length === 0 ? 0 : 1;
}
