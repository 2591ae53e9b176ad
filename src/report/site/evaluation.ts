import {groupBy} from '../../base/group.js';
import {asText, isObject, type Json} from '../../base/json.js';
import type {EvaluationLog, LoggedItem} from '../evaluation-log.js';
import {readable} from '../trace.js';
import {html, type Html} from './html.js';
import {table} from './layout.js';

/** Items that the page lists. */
const MOST_ITEMS = 1500;

/** The measured score, and how the answers behind it ended. */
export function evaluationOf(metrics: Json | undefined, log: EvaluationLog | null): Html {
  if (!isObject(metrics)) return html``;
  return html`<h2>Evaluation</h2>
    <dl class="facts">
      ${Object.entries(metrics).map(([name, value]) => {
        const text = readable(asText(value));
        return html`<dt>${name}</dt>
          <dd>${text.length > 600 ? html`<pre tabindex="0">${text.slice(0, 20_000)}</pre>` : text}</dd>`;
      })}
      ${log === null ? '' : summaryOf(log)}
    </dl>
    ${log === null || log.items.length === 0 ? '' : itemsOf(log)}`;
}

function summaryOf({status, error, items, errors}: EvaluationLog): Html {
  const tokens = items.flatMap((item) => item.tokens ?? []).sort((a, b) => a - b);
  const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
  const stops = [...groupBy(items, ({stop}) => stop || 'unknown')].sort(([, a], [, b]) => b.length - a.length);
  return html`<dt>log</dt>
    <dd>
      ${status}${error === null ? '' : `: ${readable(error).slice(0, 600)}`}, ${items.length} items, ${errors} errors
    </dd>
    ${
      tokens.length === 0
        ? ''
        : html`<dt>tokens of an answer</dt>
            <dd>${mean.toFixed(0)} on average, at most ${tokens.at(-1)!.toLocaleString('en')}</dd>`
    }
    ${
      items.length === 0
        ? ''
        : html`<dt>answers ended</dt>
            <dd>${stops.map(([stop, some]) => `${some.length} ${readable(stop)}`).join(', ')}</dd>`
    }`;
}

const itemsOf = ({items, file}: EvaluationLog): Html =>
  html`<details>
    <summary>Item by item</summary>
    <p class="soft">
      Questions and answers are in ${readable(file)} beside the result, and not here: what stands on a web site is
      trained on.${items.length > MOST_ITEMS ? ` The first ${MOST_ITEMS} of ${items.length}.` : ''}
    </p>
    ${table(
      'Items of the evaluation',
      [
        {title: 'Item', kind: 'text'},
        {title: 'Answer', kind: 'text'},
        {title: 'Tokens', kind: 'number'},
        {title: 'Ended', kind: 'text'},
      ],
      items.slice(0, MOST_ITEMS).map((item) => ({
        cells: [
          {show: readable(item.id), value: item.id},
          {show: wordOf(item)},
          {show: item.tokens === null ? '' : item.tokens.toLocaleString('en'), value: item.tokens},
          {show: readable(item.stop)},
        ],
      })),
    )}
  </details>`;

const wordOf = ({isRight}: LoggedItem): string => (isRight === null ? 'no score' : isRight ? 'right' : 'wrong');
