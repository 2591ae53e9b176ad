import {asText, isObject, type Json, type JsonObject} from '../../base/json.js';
import {readable} from '../trace.js';
import {html, type Html} from './html.js';
import {table} from './layout.js';

/** How much evidence of a finding is shown, and how much of an excerpt in characters. */
const MOST_EVIDENCE = 20;
const LONGEST_EXCERPT = 1000;

const items = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

const JUDGED: ReadonlyMap<string, string> = new Map([
  ['unjudged', 'unjudged: the judge failed, so only the deterministic checks speak'],
  ['clean', 'the judge found nothing'],
  ['flagged', 'the judge flagged it'],
]);

/** What the audit found, with evidence; what it made of the weights; what it could not look at. */
export function auditOf(audit: Json | undefined): Html {
  if (!isObject(audit)) return html``;
  const findings = items(audit.findings).filter(isObject);
  const isFlagged = audit.flagged === true;
  const judged = JUDGED.get(asText(audit.judged ?? ''));
  return html`<h2>Audit</h2>
    <p>
      ${
        isFlagged
          ? html`<span class="tag bad">flagged ${items(audit.flags).map(asText).join(', ')}</span>`
          : html`<span class="tag good">not flagged</span>`
      }
      ${judged === undefined ? '' : html`<span class="soft">${judged}</span>`}
    </p>
    ${findings.map(findingOf)} ${lineageOf(audit.lineage)} ${skippedOf(items(audit.skipped))}`;
}

const SEVERITIES: ReadonlyMap<string, Html> = new Map([
  ['flag', html`<span class="tag bad">flagged</span>`],
  ['look', html`<span class="tag warn">look at</span>`],
  ['note', html`<span class="tag">noted</span>`],
]);

function findingOf(finding: JsonObject): Html {
  const evidence = items(finding.evidence).filter(isObject);
  const severity = asText(finding.severity ?? '');
  const summary = readable(asText(finding.summary));
  return html`<details ${severity === 'note' ? '' : html`open`}>
    <summary>${SEVERITIES.get(severity) ?? ''} ${asText(finding.flag)}: ${summary}</summary>
    <p class="soft mono">${asText(finding.source ?? finding.check ?? '')}</p>
    ${
      evidence.length === 0
        ? ''
        : table(
            `Evidence: ${summary}`,
            [
              {title: 'File', kind: 'text'},
              {title: 'Line', kind: 'number'},
              {title: 'Excerpt', kind: 'text'},
              {title: 'Item', kind: 'text'},
              {title: 'Overlap', kind: 'number'},
            ],
            evidence.slice(0, MOST_EVIDENCE).map((one) => ({
              cells: [one.file, one.line, one.excerpt, one.item, one.overlap].map((value) => ({
                show: value === null || value === undefined ? '' : readable(asText(value)).slice(0, LONGEST_EXCERPT),
              })),
            })),
          )
    }
    ${evidence.length > MOST_EVIDENCE ? html`<p class="soft">${evidence.length - MOST_EVIDENCE} more in audit.json</p>` : ''}
  </details>`;
}

const percent = (value: Json | undefined): string =>
  typeof value === 'number' ? `${(value * 100).toPrecision(3)} %` : 'unknown';

/** Where the weights come from, as the audit measured it. */
function lineageOf(lineage: Json | undefined): Html {
  if (!isObject(lineage)) return html``;
  const distance = isObject(lineage.distance) ? lineage.distance : {};
  const lowRank = isObject(lineage.low_rank) ? lineage.low_rank : {};
  const changed = items(lineage.changed).map(asText);
  return html`<h3>Weights</h3>
    <dl class="facts">
      <dt>nearest</dt>
      <dd>${readable(asText(lineage.nearest))}</dd>
      <dt>away from base, instruct</dt>
      <dd>${percent(distance.base)}, ${percent(distance.instruct)}</dd>
      <dt>way to instruct</dt>
      <dd>${percent(lineage.share)}, cosine ${asText(lineage.cosine)}</dd>
      ${
        lowRank.merged_lora === true
          ? html`<dt>change</dt>
              <dd>low in rank: a merged LoRA</dd>`
          : ''
      }
      ${
        changed.length === 0
          ? ''
          : html`<dt>not as in base</dt>
              <dd>${readable(changed.join('; '))}</dd>`
      }
    </dl>`;
}

const skippedOf = (skipped: readonly Json[]): Html =>
  skipped.length === 0
    ? html``
    : html`<p class="soft">
        Not checked:
        ${skipped.map((one) => readable(isObject(one) ? `${asText(one.check)}: ${asText(one.because)}` : asText(one))).join('; ')}
      </p>`;
