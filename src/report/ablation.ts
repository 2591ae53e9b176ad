import CliTable from 'cli-table3';
import type {Ablation} from '../score/ablation.js';
import {digits, money, workTime} from './figures.js';
import {ablationChart, inkOf} from './site/ablation.js';
import {printable, type Paint} from './style.js';

/** A line for each point, in the terminal. */
export function renderAblation({over, series}: Ablation, paint: Paint): string {
  const table = new CliTable({
    head: ['', over, 'average', 'replicates', 'time', 'cost'].map((word) => paint('bold', word)),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: {head: [], border: [], compact: true},
  });
  for (const {name, points} of series) {
    for (const {x, score, std, replicates, timeHours, costUsd} of points) {
      const figures = [digits(score, std), String(replicates), workTime(timeHours), money(costUsd)];
      table.push([printable(name), printable(String(x)), ...figures]);
    }
  }
  return `${table.toString()}\n`;
}

/** Colours for a chart that stands alone; on the site the style sheet has them. */
const STYLE =
  'svg{background:#fff;color:#16181d;--card:#fff;--c1:#0072b2;--c2:#c25e00;--c3:#00795a;--c4:#a8497f;--c5:#3d7fb8;--c6:#8a6d00;--c7:#5d5fa8;--c8:#4f5866}';

/** The lines as an SVG file with a legend; undefined where no point has a score. */
export function ablationSvg(ablation: Ablation): string | undefined {
  const chart = ablationChart(ablation)?.text;
  if (chart === undefined) return undefined;
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const legend = [...inkOf(ablation)].map(
    ([name, ink], n) =>
      `<text x="60" y="${30 + 17 * n}" text-anchor="start" fill="${ink}" font-size="12.5">${escape(printable(name))}</text>`,
  );
  return `${chart
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('<style>', `<style>${STYLE}`)
    .replace('</svg>', `${legend.join('')}</svg>`)}\n`;
}
