import {groupBy} from '../../base/group.js';
import {meanOfCells} from '../../score/row.js';
import {bars, INK} from './charts.js';
import {html, type Html} from './html.js';
import {figure, table} from './layout.js';
import type {ScoredCell, SiteData} from './model.js';
import {nameOf, scoreCell} from './parts.js';

/** Scores by benchmark, by model, and by both. */
export function breakdownPage(data: SiteData): Html {
  return html`<h1>Breakdown</h1>
    <p class="lead">The same scores by benchmark and by model. A darker cell is nearer to the best of its column.</p>
    ${byModel(data)} ${byBoth(data)}
    <h2>By benchmark</h2>
    <div class="pair">${data.table.benchmarks.map((name) => chart(data, name))}</div>`;
}

function chart({table: {rows}}: SiteData, benchmark: string): Html {
  const scored = rows
    .flatMap((row) => {
      const found = row.benchmarks.get(benchmark)!;
      return found.score === null ? [] : [{row, score: found.score, std: found.std}];
    })
    .sort((a, b) => b.score - a.score);
  if (scored.length === 0) return html``;
  return figure(
    benchmark,
    bars(
      `Scores on ${benchmark}, best first`,
      'score (%) →',
      scored.map(({row, score, std}) => ({
        name: row.name,
        value: score,
        std,
        ink: INK[row.kind],
        tip: `${row.name}: ${(score * 100).toFixed(1)} %`,
      })),
    ),
  );
}

const scoredCells = ({cells, imported}: SiteData): readonly ScoredCell[] => [...cells, ...imported];

/** Cells by their row: an imported one may have the name of an agent. */
const byRow = (cells: readonly ScoredCell[]): {name: Html; list: readonly ScoredCell[]}[] =>
  [...groupBy(cells, ({kind, row}) => JSON.stringify([kind, row])).values()].map((list) => ({
    name: nameOf({kind: list[0]!.kind, name: list[0]!.row}),
    list,
  }));

/** An agent's plain mean over benchmarks and replicates on each model. */
function byModel(data: SiteData): Html {
  const cells = scoredCells(data);
  const models = [...new Set(cells.map(({at}) => at.model ?? 'all'))];
  if (models.length < 2) return html``;
  const means = byRow(cells).map(({name, list}) => ({
    name,
    means: models.map((model) =>
      meanOfCells(list.filter(({at}) => (at.model ?? 'all') === model).map(({score}) => score)),
    ),
  }));
  const tops = models.map((_model, n) => Math.max(0, ...means.map((row) => row.means[n] ?? 0)));
  return html`<h2>By model</h2>
    <p class="soft">Plain mean over benchmarks and replicates.</p>
    ${table(
      'Mean scores by model in percent',
      [{title: 'Agent', kind: 'text'}, ...models.map((model) => ({title: model, kind: 'number'}) as const)],
      means.map((row) => ({
        cells: [
          {show: row.name},
          ...row.means.map((score, n) =>
            scoreCell(score, null, 0, score === null || tops[n] === 0 ? null : score / tops[n]!),
          ),
        ],
      })),
    )}`;
}

/** One table a model: agents down, benchmarks across, each figure leading to its cells. */
function byBoth(data: SiteData): Html {
  const {benchmarks} = data.table;
  const models = [...groupBy(scoredCells(data), ({at}) => at.model ?? 'all')];
  return html`<h2>By model and benchmark</h2>
    ${models.map(([model, list]) => {
      const own = benchmarks.filter((name) => list.some(({at}) => (at.benchmark ?? 'all') === name));
      const means = byRow(list).map(({name, list: ofAgent}) => ({
        name,
        scores: own.map((benchmark) => {
          const found = ofAgent.filter(({at}) => (at.benchmark ?? 'all') === benchmark);
          return {found, mean: meanOfCells(found.map(({score}) => score))};
        }),
      }));
      const tops = own.map((_name, n) => Math.max(0, ...means.map(({scores}) => scores[n]!.mean ?? 0)));
      return html`<h3>${model}</h3>
        ${table(
          `Scores on ${model} in percent`,
          [{title: 'Agent', kind: 'text'}, ...own.map((name) => ({title: name, kind: 'number'}) as const)],
          means.map(({name, scores}) => ({
            cells: [
              {show: name},
              ...scores.map(({found, mean}, n) => {
                const substituted = found.filter(({score}) => score.kind === 'substituted').length;
                const cell = scoreCell(
                  mean,
                  null,
                  substituted,
                  mean === null || tops[n] === 0 ? null : mean / tops[n]!,
                );
                const [first] = found;
                return first ? {...cell, show: html`<a href="cells/${first.slug}/index.html">${cell.show}</a>`} : cell;
              }),
            ],
          })),
        )}`;
    })}`;
}
