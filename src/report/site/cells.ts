import {CAUSES} from '../../score/cell.js';
import {html, visible, type Html} from './html.js';
import {table} from './layout.js';
import type {ScoredCell, SiteData} from './model.js';
import {hoursCell, kindTag, scoreCell} from './parts.js';

/** All cells in one table that can be filtered. */
export function cellsPage({cells: own, imported}: SiteData): Html {
  const cells = [
    ...own.map((cell) => ({...cell, seconds: cell.work?.seconds ?? null})),
    ...imported.map((one) => ({...one, seconds: one.cell.seconds})),
  ];
  const axes = [...new Set(cells.flatMap(({at}) => Object.keys(at)))];
  const varied = axes.filter((axis) => new Set(cells.map(({at}) => at[axis])).size > 1);
  const shown = varied.length > 0 ? varied : axes.slice(0, 1);
  return html`<h1>Cells</h1>
    <p class="lead">
      One line for each point of the matrix; its page has the prompt, the trace, the audit, the logs and the digests.
      ${imported.length > 0 ? 'Of an imported cell it has what the tree says.' : ''}
    </p>
    <div class="filters" data-table="cells" role="search" aria-label="Filter the cells" hidden>
      <label>Words <input type="search" placeholder="any text" /></label>
      ${shown.map((axis) => choice(axis, [...new Set(cells.flatMap(({at}) => at[axis] ?? []))]))}
      ${choice('score', ['measured', ...CAUSES, 'absent'])}
      <output class="soft" aria-live="polite"></output>
    </div>
    ${table(
      'Cells',
      [
        {title: 'Cell', kind: 'text'},
        {title: 'Score (%)', kind: 'number'},
        {title: 'As measured (%)', kind: 'number'},
        {title: 'Kind', kind: 'text'},
        {title: 'Time', kind: 'number'},
        {title: 'Because', kind: 'text'},
      ],
      cells.map((cell) => ({
        // As the options have them: an escape that the page would make in JSON is none of JSON's.
        data: JSON.stringify({
          ...Object.fromEntries(shown.map((axis) => [axis, visible(cell.at[axis] ?? '')])),
          score: kindOf(cell),
        }),
        cells: [
          {show: html`<a href="cells/${cell.slug}/index.html">${cell.label}</a>${kindTag(cell.kind)}`},
          scoreCell(cell.score.score, null),
          scoreCell(cell.score.raw, cell.score.stderr),
          {show: html`<span class="${inkOf(cell)}">${kindOf(cell)}</span>`},
          hoursCell(cell.seconds === null ? null : cell.seconds / 3600),
          {show: short(cell.score.because.join('; '))},
        ],
      })),
      {id: 'cells'},
    )}`;
}

export const kindOf = ({score}: ScoredCell): string => score.cause ?? score.kind;

export const inkOf = ({score}: ScoredCell): string =>
  score.kind === 'measured' ? 'good' : score.kind === 'substituted' ? 'warn' : 'soft';

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 159)}…` : text);

const choice = (name: string, values: readonly string[]): Html =>
  html`<label
    >${name}
    <select name="${name}">
      <option value="">all</option>
      ${values.map((value) => html`<option value="${value}">${value}</option>`)}
    </select></label
  >`;
