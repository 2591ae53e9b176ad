// npm run bench:simulate [-- --gpus 8 --seed 1]: the published runs once more on G GPUs, by one script per cell and by ptb's own
// queue. Times of agents and fates of cells are the published ones; what is not published is assumed, and printed.
import {parseArgs} from 'node:util';
import Table from 'cli-table3';
import {LONGEST, perturbed} from './draw.js';
import {ptb, script, type Assumed, type Outcome} from './policies.js';
import {benchmarks, models, rows, steps} from './world.js';

const {values} = parseArgs({
  options: {gpus: {type: 'string', default: '8'}, seed: {type: 'string', default: '1'}},
});
const gpus = Number(values.gpus);
const assumed: Assumed = {
  evaluation: 15 * 60,
  judge: 10 * 60,
  evaluations: {script: 9, ptb: 3},
  lost: 0.02,
};
const cells = perturbed(Number(values.seed), assumed.lost);
const graph = steps();
const agentOf = (name: string): (typeof rows)[number] => rows[Number(name.slice(1))]!;

const table = new Table({
  head: ['', 'GPU-hours', 'makespan, h', 'above the bound', 'first full row, h'],
  colAligns: ['left', 'right', 'right', 'right', 'right'],
  style: {head: [], border: []},
});
/** No order of these jobs can be faster: the longest of them, or all their GPU time over all GPUs. */
const bound = ({gpuHours}: Outcome): number =>
  Math.max(gpuHours / gpus, Math.max(...cells.map(({agentSeconds}) => agentSeconds + assumed.evaluation)) / 3600);
const push = (title: string, outcome: Outcome): void => {
  const {gpuHours, makespan, firstRow} = outcome;
  const above = (makespan / bound(outcome) - 1) * 100;
  table.push([title, gpuHours.toFixed(0), makespan.toFixed(1), `${above.toFixed(1)} %`, firstRow.toFixed(1)]);
};
const one = script(cells, gpus, assumed);
const first = ptb(cells, graph, gpus, assumed, ({spec}) => spec.resources.seconds ?? 0);
const later = ptb(cells, graph, gpus, assumed, ({stage, at, spec}) =>
  stage.name === 'post-train' ? agentOf(at.agent!).seconds : (spec.resources.seconds ?? 0),
);
push('one script per cell', one);
push('ptb, nothing known but time limits', first);
push('ptb, agents have past results', later);
process.stdout.write(`${table.toString()}\n`);
const fewer = (hours: number): string => `${((1 - hours / one.gpuHours) * 100).toFixed(1)} %`;
const agents = cells.reduce((sum, {agentSeconds}) => sum + agentSeconds, 0) / 3600;
process.stdout.write(
  [
    `${rows.length} agents × ${models.length} models × ${benchmarks.length} benchmarks, ${gpus} GPUs, seed ${values.seed}`,
    `${fewer(later.gpuHours)} fewer GPU-hours; without any evaluation, judge or loss it would be ${fewer(agents)}: the rest is the agents' own time`,
    `published: mean time of each agent, ${count('n')} cells without a model, ${count('e')} whose evaluation failed`,
    `assumed: a cell's time within ±30 % of its agent's mean and at most ${LONGEST / 3600} h; an evaluation ${assumed.evaluation / 60} min, a judge ${assumed.judge / 60} min without a GPU;`,
    `  a model that breaks its evaluation is evaluated ${assumed.evaluations.script} times by the script, ${assumed.evaluations.ptb} times by ptb; ${assumed.lost * 100} % of agents' runs are lost half-way`,
    '',
  ].join('\n'),
);

function count(fate: string): number {
  return cells.filter((cell) => cell.fate === fate).length;
}
