import {html, type Html} from './html.js';

export const PAGES = [
  {file: 'index.html', title: 'Leaderboard'},
  {file: 'breakdown.html', title: 'Breakdown'},
  {file: 'agents.html', title: 'What agents did'},
  {file: 'ablation.html', title: 'Ablation'},
  {file: 'run.html', title: 'Run'},
  {file: 'cells.html', title: 'Cells'},
] as const;

export type PageFile = (typeof PAGES)[number]['file'];

export type Page = {
  readonly title: string;
  /** The entry of the navigation that it belongs to. */
  readonly under: PageFile;
  /** From the page's folder back to the site's: '' or '../../'. */
  readonly up: string;
  readonly body: Html;
};

export type Frame = {
  /** Of the pipeline. */
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly made: string;
  /** Pages that this site has. */
  readonly pages: readonly PageFile[];
};

/** Nothing from outside the folder, no script but the site's own, no form, no frame. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const LIVE_MARK = '<!--live-->';

/** A page as `ptb report --serve` hands it out: it may ask its own server for what is new. */
export function asLive(page: string): string {
  const shown = (policy: string): string => html`${policy}`.text;
  return page
    .replace(LIVE_MARK, '<meta name="ptb-live" content="yes">')
    .replace(shown(POLICY), () => shown(`${POLICY}; connect-src 'self'`));
}

export function document({title, under, up, body}: Page, {name, version, made, pages}: Frame): string {
  const {text} = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title} · ${name}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${up}assets/site.css" />
        <script src="${up}assets/site.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="${up}index.html"><span class="mark" aria-hidden="true"></span>${name}</a>
          <nav aria-label="Pages">
            ${PAGES.filter(({file}) => pages.includes(file)).map(
              (page) =>
                html`<a href="${up}${page.file}" ${page.file === under ? html` aria-current="page"` : ''}
                  >${page.title}</a
                >`,
            )}
          </nav>
          <button class="theme" type="button" aria-label="Change between light and dark" hidden></button>
        </header>
        <main id="main">${body}</main>
        <footer>
          Made ${made.slice(0, 16).replace('T', ' ')} UTC by ptb ${version} from the results of <b>${name}</b>. Data:
          <a href="${up}data/table.json">table.json</a>, <a href="${up}data/table.csv">table.csv</a>,
          <a href="${up}data/cells.csv">cells.csv</a>.
        </footer>
      </body>
    </html> `;
  return text.replace('</head>', `${LIVE_MARK}</head>`);
}

export type Column = {
  readonly title: Html | string;
  /** Numbers stand right and sort as numbers. */
  readonly kind: 'text' | 'number';
  /** `off` for what has no order. */
  readonly sort?: 'off';
};

export type TableCell = {
  readonly show: Html | string;
  /** What it sorts by, where that is not what it shows. */
  readonly value?: number | string | null;
  readonly class?: string;
  /** 0..1, painted as a background. */
  readonly heat?: number | null;
};

export type TableRow = {readonly cells: readonly TableCell[]; readonly class?: string; readonly data?: string};

/** A table that can be sorted by its heads; the first column names the row. */
export const table = (
  caption: string,
  columns: readonly Column[],
  rows: readonly TableRow[],
  options: {readonly id?: string; readonly class?: string} = {},
): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table class="sortable ${options.class ?? ''}" ${options.id === undefined ? '' : html` id="${options.id}"`}>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            ({title, kind, sort}) =>
              html`<th scope="col" class="${kind}" ${sort === 'off' ? html` data-sort="off"` : ''}>${title}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr${row.class === undefined ? '' : html` class="${row.class}"`}${row.data === undefined ? '' : html` data-filter="${row.data}"`}>${row.cells.map((cell, n) => tableCell(cell, n === 0, columns[n]!.kind))}</tr>
`,
        )}
      </tbody>
    </table>
  </div>`;

function tableCell({show, value, class: of = '', heat}: TableCell, isHead: boolean, kind: Column['kind']): Html {
  const sort = value === undefined ? '' : html` data-value="${value === null ? '' : String(value)}"`;
  const style = heat === undefined || heat === null ? '' : html` style="--heat:${(heat * 100).toFixed(1)}%"`;
  const classes = [kind, of, style === '' ? '' : 'heat'].filter(Boolean).join(' ');
  return isHead
    ? html`<th scope="row" class="${classes}" ${sort}${style}>${show}</th>`
    : html`<td class="${classes}" ${sort}${style}>${show}</td>`;
}

/** A chart with its title, its numbers being in a table nearby. */
export const figure = (title: string, chart: Html, note: Html | string = ''): Html =>
  html`<figure>
    <figcaption>
      <h2>${title}</h2>
      ${note === '' ? '' : html`<p>${note}</p>`}
    </figcaption>
    <div class="chart" tabindex="0" role="group" aria-label="${title}">${chart}</div>
  </figure>`;
