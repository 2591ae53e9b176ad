import type {Ablation} from '../../score/ablation.js';
import {lines, SERIES} from './charts.js';
import {html, type Html} from './html.js';
import {figure, table} from './layout.js';
import {countCell, hoursCell, moneyCell, scoreCell} from './parts.js';

export const inkOf = ({series}: Ablation): ReadonlyMap<string, string> =>
  new Map(series.map(({name}, n) => [name, SERIES[n % SERIES.length]!]));

/** The lines of an ablation as SVG; undefined where no point has a score. */
export function ablationChart(ablation: Ablation): Html | undefined {
  const points = ablation.series.flatMap(({name, points: list}) =>
    list.flatMap(({x, score, std}) => (score === null ? [] : [{series: name, x, y: score, std}])),
  );
  if (points.length === 0) return undefined;
  const label = `Average score against ${ablation.over}, ${ablation.series.length} lines`;
  return lines(label, `${ablation.over} →`, points, inkOf(ablation));
}

/** Score against each axis that varies. */
export const ablationPage = (ablations: readonly Ablation[]): Html =>
  html`<h1>Ablation</h1>
    <p class="lead">The average score against what varies in the matrix, all else being equal; ± over replicates.</p>
    ${ablations.map((ablation) => {
      const chart = ablationChart(ablation);
      const ink = inkOf(ablation);
      return html`<h2>${ablation.over}</h2>
        ${
          chart
            ? figure(
                `Score against ${ablation.over}`,
                html`${chart}
                  <ul class="legend">
                    ${ablation.series.map(
                      ({name}) => html`<li><span class="swatch" style="color:${ink.get(name)}"></span>${name}</li>`,
                    )}
                  </ul>`,
              )
            : html`<p class="callout">No average yet.</p>`
        }
        ${table(
          `Scores against ${ablation.over}`,
          [
            {title: 'Agent', kind: 'text'},
            {title: ablation.over, kind: 'number'},
            {title: 'Average (%)', kind: 'number'},
            {title: 'Replicates', kind: 'number'},
            {title: 'Mean time', kind: 'number'},
            {title: 'Cost', kind: 'number'},
          ],
          ablation.series.flatMap(({name, points}) =>
            points.map((point) => ({
              cells: [
                {show: name},
                {show: String(point.x), value: point.x},
                scoreCell(point.score, point.std),
                countCell(point.replicates),
                hoursCell(point.timeHours),
                moneyCell(point.costUsd),
              ],
            })),
          ),
        )}`;
    })}`;
