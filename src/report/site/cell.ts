import {describeOutcome} from '../../base/outcome.js';
import {describeBytes, describeSeconds} from '../../base/quantity.js';
import type {Json} from '../../base/json.js';
import type {Sample} from '../telemetry.js';
import {readable} from '../trace.js';
import type {EvaluationLog} from '../evaluation-log.js';
import {auditOf} from './audit.js';
import {inkOf, kindOf} from './cells.js';
import {evaluationOf} from './evaluation.js';
import {html, type Html} from './html.js';
import {table} from './layout.js';
import type {ScoredCell, SiteCell, SiteStep} from './model.js';
import {stateTag, when} from './parts.js';
import {telemetryOf} from './telemetry.js';

/** What of a cell's files a page shows; links are relative to the cell's folder. */
export type CellFiles = {
  readonly prompt: string | undefined;
  readonly audit: Json | undefined;
  readonly metrics: Json | undefined;
  readonly log: EvaluationLog | null;
  readonly trace: {
    /** Where chunks lie, with the height in pixels that each will take, about. */
    readonly chunks: readonly number[];
    readonly entries: number;
    /** The first entries, for who has no script. */
    readonly first: Html;
  } | null;
  /** Step id to the files of it that lie beside the page. */
  readonly copied: ReadonlyMap<
    string,
    readonly {readonly name: string; readonly href: string; readonly bytes: number}[]
  >;
  /** Step id to the ends of its logs. */
  readonly logs: ReadonlyMap<string, readonly {readonly name: string; readonly text: string; readonly cut: number}[]>;
  /** Step id to what its GPUs did. */
  readonly telemetry: ReadonlyMap<string, readonly Sample[]>;
};

export const cellPage = (cell: SiteCell, files: CellFiles): Html =>
  html`<p class="crumbs"><a href="../../cells.html">Cells</a> / ${cell.row}</p>
    <h1>${cell.label}</h1>
    ${scoreOf(cell)} ${facts(cell)} ${auditOf(files.audit)} ${traceOf(files)} ${promptOf(files)}
    ${evaluationOf(files.metrics, files.log)}
    <h2>Steps, files, digests</h2>
    ${cell.steps.map((step) => stepOf(step, files))}
    ${cell.shared.length === 0 ? '' : html`<h3>Shared with other cells</h3>`}
    ${cell.shared.map((step) => stepOf(step, files))}`;

const percent = (score: number | null): string => (score === null ? '–' : `${(score * 100).toFixed(2)} %`);

/** What the table reads for a cell, and why. */
export function scoreOf({score}: ScoredCell): Html {
  const {raw, stderr, kind, because} = score;
  const measured = html`measured
  ${percent(raw)}${stderr === null ? '' : html` <span class="sd">± ${(stderr * 100).toFixed(2)} standard error</span>`}`;
  if (kind === 'measured') {
    return html`<div class="callout good-edge">
      <b>${percent(score.score)}</b>, ${measured}${because.length > 0 ? html`, although: ${because.join('; ')}` : ''}
    </div>`;
  }
  const what =
    kind === 'absent'
      ? html`<b>No score</b>`
      : html`<b>${percent(score.score)}</b>, a substitute because the cell is <b>${score.cause}</b>; ${measured}`;
  return html`<div class="callout ${kind === 'substituted' ? 'bad-edge' : ''}">
    ${what}${because.map((reason) => html`<br />${reason}`)}
  </div>`;
}

function facts(cell: SiteCell): Html {
  const {work, usage, behaviour, at} = cell;
  const tokens = (count: number | null): string => (count === null ? 'unknown' : count.toLocaleString('en'));
  return html`<dl class="facts">
    ${Object.entries(at).map(
      ([axis, value]) =>
        html`<dt>${axis}</dt>
          <dd>${value}</dd>`,
    )}
    <dt>score</dt>
    <dd><span class="${inkOf(cell)}">${kindOf(cell)}</span></dd>
    ${
      work === null
        ? ''
        : html`<dt>worked</dt>
            <dd>
              ${describeSeconds(work.seconds)}${work.limit === null ? '' : ` of ${describeSeconds(work.limit)} (${((work.seconds / work.limit) * 100).toFixed(0)} %)`},
              ${work.outcome}
            </dd>`
    }
    ${
      usage === null
        ? ''
        : html`<dt>tokens</dt>
            <dd>
              ${tokens(usage.inputTokens)} in (${tokens(usage.cachedTokens)} cached), ${tokens(usage.outputTokens)} out
            </dd>
            <dt>turns, sessions</dt>
            <dd>${tokens(usage.turns)}, ${tokens(usage.sessions)}</dd>
            <dt>API cost</dt>
            <dd>${usage.costUsd === null ? 'unknown' : `$${usage.costUsd.toFixed(2)}`}</dd>`
    }
    ${
      behaviour === null
        ? ''
        : html`<dt>tool calls</dt>
            <dd>
              ${String(behaviour.toolCalls)}, asked the timer ${String(behaviour.timerAsks)} times,
              ${String(behaviour.errors)} errors
            </dd>
            <dt>methods</dt>
            <dd>${behaviour.methods.join(', ') || 'no sign of any'}</dd>`
    }
  </dl>`;
}

function traceOf({trace}: CellFiles): Html {
  if (!trace) return html``;
  return html`<h2>Trace</h2>
    <p class="soft">${trace.entries.toLocaleString('en')} entries; the whole file is among the files below.</p>
    <div class="trace" tabindex="0" role="region" aria-label="Trace" data-src="trace/">
      ${trace.chunks.map(
        (height, n) =>
          html`<div class="chunk" data-chunk="${String(n)}" ${n === 0 ? '' : html`style="height:${String(height)}px"`}>
            ${n === 0 ? trace.first : ''}
          </div>`,
      )}
    </div>`;
}

const promptOf = ({prompt}: CellFiles): Html =>
  prompt === undefined
    ? html``
    : html`<h2>Prompt</h2>
        <details>
          <summary>What the agent was asked</summary>
          <pre tabindex="0">${readable(prompt)}</pre>
        </details>`;

function stepOf(step: SiteStep, files: CellFiles): Html {
  const {record, folder} = step.result ?? {};
  const copied = files.copied.get(step.id) ?? [];
  return html`<details>
    <summary>
      ${step.stage}
      ${stateTag(step.state)}${step.seconds === null ? '' : html` <span class="soft">${describeSeconds(step.seconds)}</span>`}
    </summary>
    <dl class="facts">
      <dt>step</dt>
      <dd class="mono">${step.id}</dd>
      ${
        step.because === ''
          ? ''
          : html`<dt>because</dt>
              <dd>${step.because}</dd>`
      }
      ${
        record
          ? html`<dt>result</dt>
              <dd class="mono">${folder}</dd>
              <dt>key</dt>
              <dd class="mono">${record.key}</dd>
              <dt>outcome</dt>
              <dd>${describeOutcome(record.outcome)}, attempt ${record.attempt}</dd>
              <dt>ran</dt>
              <dd>
                ${when(record.started)} to ${when(record.ended)} UTC on ${record.host}; ${record.executor}, sandbox
                ${record.sandbox}${record.memoryMb === null ? '' : `, at most ${record.memoryMb} MB`}
              </dd>
              ${
                record.gpus
                  ? html`<dt>GPUs</dt>
                      <dd class="mono">${record.gpus.join(', ')}</dd>`
                  : ''
              }`
          : ''
      }
    </dl>
    ${record ? outputsOf(record.outputs, copied) : ''} ${telemetryOf(files.telemetry.get(step.id) ?? [], step.id)}
    ${step.failed.map(
      (one) =>
        html`<h3>Failed attempt ${one.attempt}</h3>
          <p>
            <span class="tag bad">${one.class}</span> ${one.because}
            <span class="soft">${when(one.ended)} UTC, ${one.folder}</span>
          </p>
          ${one.evidence.length > 0 ? html`<pre tabindex="0">${one.evidence.map(readable).join('\n')}</pre>` : ''}`,
    )}
    ${(files.logs.get(step.id) ?? []).map(
      ({name, text, cut}) =>
        html`<h3>${name}</h3>
          ${cut > 0 ? html`<p class="soft">its last lines; ${describeBytes(cut)} before them are in the file</p>` : ''}
          <pre tabindex="0">${text}</pre>`,
    )}
  </details>`;
}

const outputsOf = (
  outputs: NonNullable<SiteStep['result']>['record']['outputs'],
  copied: readonly {readonly name: string; readonly href: string; readonly bytes: number}[],
): Html =>
  table(
    'Outputs',
    [
      {title: 'Output', kind: 'text'},
      {title: 'Size', kind: 'number'},
      {title: 'Files', kind: 'number'},
      {title: 'SHA-256', kind: 'text', sort: 'off'},
    ],
    Object.entries(outputs).map(([name, {bytes, files, digest}]) => {
      const copy = copied.find((one) => one.name === name);
      return {
        cells: [
          {show: copy ? html`<a href="${copy.href}">${name}</a>` : name, value: name},
          {show: describeBytes(bytes), value: bytes},
          {show: String(files), value: files},
          {show: html`<span class="mono">${digest}</span>`},
        ],
      };
    }),
  );
