import {describeSeconds} from '../../base/quantity.js';
import {CAUSES} from '../../score/cell.js';
import type {Row} from '../../score/row.js';
import {money} from '../figures.js';
import {html, type Html} from './html.js';
import type {TableCell} from './layout.js';
import type {State} from './model.js';

/** A score in percent with ±, as the benchmark's site prints it; the full figure is in the title. */
export function scoreCell(score: number | null, std: number | null, substituted = 0, heat?: number | null): TableCell {
  if (score === null) return {show: '–', value: null};
  const deviation = std === null ? '' : html`<span class="sd"> ± ${(std * 100).toFixed(1)}</span>`;
  const mark = substituted > 0 ? html`<span class="warn" title="${substituted} substituted">*</span>` : '';
  return {
    show: html`<span title="${String(score)}">${(score * 100).toFixed(1)}</span>${deviation}${mark}`,
    value: score,
    ...(heat === undefined ? {} : {heat}),
  };
}

export const hoursCell = (hours: number | null): TableCell =>
  hours === null ? {show: '', value: null} : {show: describeSeconds(hours * 3600), value: hours};

export const moneyCell = (usd: number | null): TableCell => ({show: money(usd), value: usd});

export const countCell = (count: number | null): TableCell =>
  count === null ? {show: '', value: null} : {show: count.toLocaleString('en'), value: count};

const KINDS: Readonly<Record<Row['kind'], string>> = {
  agent: '',
  baseline: 'baseline',
  imported: 'imported',
  published: 'published',
};

/** What it is, where that is no agent of this run. */
export const kindTag = (kind: Row['kind']): Html =>
  KINDS[kind] === '' ? html`` : html` <span class="tag ${kind}-ink">${KINDS[kind]}</span>`;

export const nameOf = ({name, kind}: Pick<Row, 'name' | 'kind'>): Html => html`${name}${kindTag(kind)}`;

/** `3 flagged, 1 failed`; empty for none. */
export const substitutions = (row: Row): string =>
  CAUSES.filter((cause) => row.substitutions[cause] > 0)
    .map((cause) => `${row.substitutions[cause]} ${cause}`)
    .join(', ');

export const stateTag = (state: State): Html => html`<span class="tag state-${state}">${state}</span>`;

export const when = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export const stat = (title: string, value: Html | string, small = ''): Html =>
  html`<div>
    <dt>${title}</dt>
    <dd>${value}${small === '' ? '' : html` <small>${small}</small>`}</dd>
  </div>`;
