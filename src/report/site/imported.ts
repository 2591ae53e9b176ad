import {join} from 'node:path';
import {describeSeconds} from '../../base/quantity.js';
import type {Fate, Metrics, Verdict} from '../../score/evidence.js';
import {scoreOf} from './cell.js';
import {inkOf, kindOf} from './cells.js';
import {html, type Html} from './html.js';
import type {ForeignCell} from './model.js';
import {kindTag} from './parts.js';

/** Where a cell's files were when its tree was read. */
export const folderOf = ({tree, cell}: ForeignCell): string => join(tree.from, cell.work ?? '');

/** The page of a cell that was run elsewhere: what its tree says, and no more. */
export const importedPage = (one: ForeignCell): Html =>
  html`<p class="crumbs"><a href="../../cells.html">Cells</a> / ${one.row}</p>
    <h1>${one.label}${kindTag(one.kind)}</h1>
    ${scoreOf(one)}
    <dl class="facts">
      ${Object.entries(one.at).map(([axis, value]) => fact(axis, value))}
      ${fact('score', html`<span class="${inkOf(one)}">${kindOf(one)}</span>`)}
      ${fact('evaluation', evaluation(one.cell.metrics))} ${fact('verdict', verdict(one.cell.verdict))}
      ${fact('worked', worked(one))} ${fact('tree', one.tree.name)}
      ${fact('folder', html`<span class="mono">${folderOf(one)}</span>`)}
    </dl>
    <p class="soft">
      Imported by <code>ptb import upstream</code>: the tree has no more than this that can be shown. Its prompt, trace
      and files are in the folder, if that still exists.
    </p>`;

const fact = (name: string, value: Html | string): Html =>
  html`<dt>${name}</dt>
    <dd>${value}</dd>`;

function evaluation(metrics: Fate<Metrics>): string {
  if (metrics.kind !== 'known') return metrics.kind === 'failed' ? `failed: ${metrics.because}` : 'none';
  const {accuracy, stderr, n, because} = metrics.value;
  if (accuracy === null) return `no score: ${because ?? 'the tree does not say why'}`;
  const error = stderr === null ? 'no standard error' : `standard error ${stderr}`;
  return `accuracy ${accuracy}, ${error}, ${n > 0 ? `${n} items` : 'number of items not said'}`;
}

function verdict(fate: Fate<Verdict>): string {
  if (fate.kind !== 'known') return fate.kind === 'failed' ? `unjudged: ${fate.because}` : 'none';
  const {flagged, findings} = fate.value;
  return flagged ? findings.map(({flag, summary}) => `${flag}: ${summary}`).join('; ') : 'clean';
}

const worked = ({cell: {seconds, hours}}: ForeignCell): string =>
  (seconds === null ? 'not said' : describeSeconds(seconds)) + (hours === null ? '' : `, of ${hours} h`);
