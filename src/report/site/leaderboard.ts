import {describeSeconds} from '../../base/quantity.js';
import type {Row} from '../../score/row.js';
import {notes} from '../table.js';
import {bars, INK, pareto} from './charts.js';
import {html, type Html} from './html.js';
import {figure, table, type TableRow} from './layout.js';
import type {SiteData} from './model.js';
import {hoursCell, moneyCell, nameOf, scoreCell, stat, substitutions} from './parts.js';

/** The first page: who scores what, at what time and cost. */
export function leaderboardPage(data: SiteData): Html {
  const {table: scores, cells} = data;
  const rows = byScore(scores.rows);
  const finished = cells.filter(({score}) => score.kind !== 'absent').length;
  const replaced = cells.filter(({score}) => score.kind === 'substituted').length;
  const agents = scores.rows.filter(({kind}) => kind === 'agent');
  const models = new Set(cells.map(({at}) => at.model)).size;
  const replicates = new Set(cells.map(({at}) => at.replicate ?? '1')).size;
  const worked = cells.reduce((sum, {work}) => sum + (work?.seconds ?? 0), 0);
  const spent = agents.flatMap(({costUsd}) => costUsd ?? []).reduce((sum, cost) => sum + cost, 0);
  const best = rows.find(({kind, score}) => kind === 'agent' && score !== null);
  return html`<h1>How well do agents post-train language models?</h1>
    <p class="lead">
      ${agents.length} ${agents.length === 1 ? 'agent' : 'agents'} on ${models} ${models === 1 ? 'model' : 'models'} and
      ${scores.averaged.length} ${scores.averaged.length === 1 ? 'benchmark' : 'benchmarks'}. Each trains a base model
      for one benchmark within a budget of time; what counts is the score of the model that it leaves.
    </p>
    ${banner(data, finished)}
    <dl class="stats">
      ${stat('Cells with a score', `${finished} of ${cells.length}`)}
      ${best ? stat('Best agent', percent(best.score!), best.name) : ''}
      ${stat('Substituted', String(replaced), replaced > 0 ? 'flagged, failed or missing' : '')}
      ${replicates > 1 ? stat('Replicates', String(replicates)) : ''} ${stat('Agents worked', describeSeconds(worked))}
      ${spent > 0 ? stat('API cost', `$${spent.toFixed(2)}`) : ''}
    </dl>
    <h2>Leaderboard</h2>
    ${board(data, rows)} ${legend(scores.average)}
    <div class="pair">${scoreChart(rows)}${timeChart(rows)}</div>
    ${costChart(rows)} ${persistence(data, rows)}
    <h2>Notes on the figures</h2>
    <ul class="notes">
      ${notes(scores).map((note) => html`<li>${note.trim()}</li>`)}
      <li>Every figure comes from a file of a cell: open a cell for its prompt, trace, audit, logs and digests.</li>
    </ul>`;
}

const percent = (score: number): string => `${(score * 100).toFixed(1)} %`;

/** Best first; rows without an average last. */
const byScore = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (b.score ?? -1) - (a.score ?? -1));

function banner({steps, cells}: SiteData, finished: number): Html {
  const count = (state: string): number => steps.filter((step) => step.state === state).length;
  const open = steps.length - count('done');
  if (open === 0) return html``;
  const parts = (['running', 'waiting', 'failed', 'blocked', 'missing'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const what =
    finished === 0
      ? 'No cell has a score yet'
      : finished < cells.length
        ? 'Not all cells have a score yet'
        : 'Every cell has a score, yet not every step is done';
  return html`<p class="callout">
    ${what}: of ${steps.length} steps ${parts.join(', ')}. <a href="run.html">The run</a>
  </p>`;
}

function board({table: scores}: SiteData, rows: readonly Row[]): Html {
  const withCost = rows.some(({costUsd}) => costUsd !== null);
  const tops = new Map(
    scores.benchmarks.map((name) => [name, Math.max(...rows.map(({benchmarks}) => benchmarks.get(name)!.score ?? 0))]),
  );
  const ranks = new Map(
    rows.filter(({kind, score}) => kind !== 'baseline' && score !== null).map((row, n) => [row, n + 1]),
  );
  const lines = rows.map((row): TableRow => {
    const total = Object.values(row.substitutions).reduce((sum, count) => sum + count, 0);
    const rank = ranks.get(row);
    return {
      class: row.kind,
      cells: [
        {show: html`${nameOf(row)}`, value: row.name},
        {show: rank === undefined ? '' : String(rank), value: rank ?? null},
        scoreCell(row.score, row.std, total),
        ...scores.benchmarks.map((name) => {
          const {score, std, substituted} = row.benchmarks.get(name)!;
          const top = tops.get(name)!;
          return scoreCell(score, std, substituted, score === null || top === 0 ? null : score / top);
        }),
        hoursCell(row.timeHours),
        ...(withCost ? [moneyCell(row.costUsd)] : []),
        {show: substitutions(row), value: total === 0 ? null : total},
      ],
    };
  });
  return table(
    'Average scores in percent',
    [
      {title: 'Agent', kind: 'text'},
      {title: 'Rank', kind: 'number'},
      {title: 'Average', kind: 'number'},
      ...scores.benchmarks.map((name) => ({title: name, kind: 'number'}) as const),
      {title: 'Time', kind: 'number'},
      ...(withCost ? [{title: 'Cost', kind: 'number'} as const] : []),
      {title: 'Substituted', kind: 'number'},
    ],
    lines,
    {id: 'leaderboard'},
  );
}

const legend = (average: SiteData['table']['average']): Html => {
  const rule =
    average === 'plain'
      ? 'the plain mean of the benchmarks'
      : average === 'inverse-headroom'
        ? 'weighted by inverse headroom of this run’s baselines'
        : average === 'published-v1'
          ? 'weighted as the published v1 table'
          : 'weighted as the pipeline says';
  return html`<ul class="legend">
    <li>Scores in percent; the average is ${rule}.</li>
    <li>±: sample standard deviation over replicates.</li>
    <li><span class="warn">*</span> some cells carry a substitute; the notes say why.</li>
  </ul>`;
};

const scoredRows = (rows: readonly Row[]): (Row & {readonly score: number})[] =>
  rows.flatMap((row) => (row.score === null ? [] : [{...row, score: row.score}]));

function scoreChart(rows: readonly Row[]): Html {
  const scored = scoredRows(rows);
  if (scored.length === 0) return html``;
  const chart = bars(
    `Average score of ${scored.length} rows, best first: ${scored[0]!.name} with ${percent(scored[0]!.score)}`,
    'average score (%) →',
    scored.map((row) => ({
      name: row.name,
      value: row.score,
      std: row.std,
      ink: INK[row.kind],
      tip: `${row.name}: ${percent(row.score)}`,
    })),
  );
  return figure('Average score', chart, 'With ± over replicates where there are any.');
}

function timeChart(rows: readonly Row[]): Html {
  const timed = scoredRows(rows).filter(({timeHours}) => timeHours !== null);
  if (timed.length < 2) return html``;
  const inMinutes = Math.max(...timed.map(({timeHours}) => timeHours!)) < 1;
  const chart = pareto(
    `Average score against the mean time that an agent worked, ${timed.length} agents`,
    `mean time worked (${inMinutes ? 'minutes' : 'hours'}) →`,
    timed.map((row) => ({
      name: row.name,
      x: row.timeHours! * (inMinutes ? 60 : 1),
      y: row.score,
      std: row.std,
      ink: INK[row.kind],
    })),
  );
  return figure('Score against time', chart, 'Dashed: nobody scores more in less time.');
}

function costChart(rows: readonly Row[]): Html {
  const paid = scoredRows(rows).filter(({costUsd}) => costUsd !== null);
  if (paid.length < 2) return html``;
  const chart = pareto(
    `Average score against API cost, ${paid.length} agents`,
    'API cost of all cells ($) →',
    paid.map((row) => ({name: row.name, x: row.costUsd!, y: row.score, std: row.std, ink: INK[row.kind]})),
  );
  return figure('Score against cost', chart, 'Dashed: nobody scores more for less.');
}

/** Mean time worked; the line is the budget, where all have the same. */
function persistence({cells}: SiteData, rows: readonly Row[]): Html {
  const timed = rows.filter(({timeHours}) => timeHours !== null).sort((a, b) => b.timeHours! - a.timeHours!);
  if (timed.length === 0) return html``;
  const limits = [...new Set(cells.flatMap(({work}) => work?.limit ?? []))];
  const inMinutes = Math.max(...timed.map(({timeHours}) => timeHours!)) < 1;
  const unit = inMinutes ? 60 : 1;
  const budget = limits.length === 1 ? (limits[0]! / 3600) * unit : undefined;
  const chart = bars(
    `Mean time that each of ${timed.length} agents worked`,
    `mean time worked (${inMinutes ? 'minutes' : 'hours'}) →`,
    timed.map((row) => ({
      name: row.name,
      value: row.timeHours! * unit,
      std: null,
      ink: INK[row.kind],
      tip: `${row.name}: ${describeSeconds(row.timeHours! * 3600)}`,
    })),
    {percent: false, digits: inMinutes ? 2 : 1, ...(budget === undefined ? {} : {limit: budget})},
  );
  const note = limits.length === 1 ? `Dashed: the budget, ${describeSeconds(limits[0]!)}.` : '';
  return figure('Average time spent', chart, note);
}
