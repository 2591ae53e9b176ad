import {byCodeUnit} from '../../base/canonical.js';
import {groupBy} from '../../base/group.js';
import {describeSeconds} from '../../base/quantity.js';
import {layOut} from '../graph.js';
import {SERIES, timeline} from './charts.js';
import {html, trusted, type Html} from './html.js';
import {figure, table} from './layout.js';
import {STATES, type SiteData, type SiteStage, type SiteStep} from './model.js';
import {countCell, stateTag, when} from './parts.js';

/** How many spans a timeline shows at most: the longest. */
const MOST_SPANS = 4000;
const MOST_OPEN = 500;

/** The pipeline as a graph with states, the timeline by GPU, and what is not done. */
export function runPage(data: SiteData): Html {
  const {stages, steps, cells} = data;
  const slugs = new Map(cells.flatMap(({slug, steps: own}) => own.map(({id}) => [id, slug] as const)));
  const open = steps.filter(({state}) => state !== 'done');
  return html`<h1>The run</h1>
    <p class="lead">
      ${steps.length} steps:
      ${STATES.map((state) => [state, steps.filter((step) => step.state === state).length] as const)
        .filter(([, count]) => count > 0)
        .map(([state, count]) => `${count} ${state}`)
        .join(', ')}.
    </p>
    ${figure('Pipeline', trusted(graphSvg(stages)), 'A stage with the number of its steps; the bar is what is done.')}
    ${timelines(steps)}
    <h2>Stages</h2>
    ${table(
      'Steps by stage and state',
      [
        {title: 'Stage', kind: 'text'},
        ...STATES.map((state) => ({title: state, kind: 'number'}) as const),
        {title: 'Time of all', kind: 'number'},
      ],
      stages.map(({name, counts}) => {
        const total = steps.filter(({stage}) => stage === name).reduce((sum, {seconds}) => sum + (seconds ?? 0), 0);
        return {
          cells: [
            {show: name},
            ...STATES.map((state) => countCell(counts[state])),
            {show: describeSeconds(total), value: total},
          ],
        };
      }),
    )}
    ${open.length === 0 ? '' : openSteps(open, slugs)}`;
}

const openSteps = (open: readonly SiteStep[], slugs: ReadonlyMap<string, string>): Html =>
  html`<h2>Not done</h2>
    ${open.length > MOST_OPEN ? html`<p class="soft">The first ${MOST_OPEN} of ${open.length}.</p>` : ''}
    ${table(
      'Steps that are not done',
      [
        {title: 'Step', kind: 'text'},
        {title: 'State', kind: 'text'},
        {title: 'Since', kind: 'number'},
        {title: 'Because', kind: 'text'},
      ],
      open.slice(0, MOST_OPEN).map(({id, state, seconds, because}) => {
        const slug = slugs.get(id);
        return {
          cells: [
            {show: slug === undefined ? id : html`<a href="cells/${slug}/index.html">${id}</a>`},
            {show: stateTag(state)},
            {show: seconds === null ? '' : describeSeconds(seconds), value: seconds},
            {show: because},
          ],
        };
      }),
    )}`;

type Ran = {readonly step: SiteStep; readonly from: number; readonly to: number; readonly host: string};

function timelines(steps: readonly SiteStep[]): Html {
  const ran = steps.flatMap((step): Ran[] => {
    const record = step.result?.record;
    const [from, to] = [Date.parse(record?.started ?? ''), Date.parse(record?.ended ?? '')];
    return record && Number.isFinite(from) && Number.isFinite(to)
      ? [{step, from, to: Math.max(to, from), host: record.host}]
      : [];
  });
  if (ran.length === 0) return html``;
  const shown = [...ran].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_SPANS);
  const names = [...new Set(shown.map(({step}) => step.stage))];
  const ink = new Map(names.map((name, n) => [name, SERIES[n % SERIES.length]!]));
  const withGpu = shown.filter(({step}) => step.gpus > 0);
  const spans =
    withGpu.length > 0 ? [...onGpus(withGpu), ...pack(withGpu.filter(isUnnamed), 'some GPU')] : pack(shown, 'slot');
  const lanes = [...new Set(spans.map(({lane}) => lane))].sort(byLane);
  const chart = timeline(
    `When ${shown.length} steps ran, by ${withGpu.length > 0 ? 'GPU' : 'slot'}`,
    lanes,
    spans.map(({ran: one, lane}) => ({
      lane,
      from: new Date(one.from),
      to: new Date(one.to),
      ink: ink.get(one.step.stage)!,
      tip: `${one.step.id}\n${when(one.step.result!.record.started)}, ${describeSeconds((one.to - one.from) / 1000)}${(one.step.result!.record.gpus ?? []).map((uuid) => `\n${uuid}`).join('')}`,
    })),
  );
  return figure(
    withGpu.length > 0 ? 'Timeline by GPU' : 'Timeline',
    html`${chart}
      <ul class="legend">
        ${[...ink].map(([name, colour]) => html`<li><span class="swatch" style="color:${colour}"></span>${name}</li>`)}
      </ul>`,
    withGpu.length > 0
      ? 'Steps that hold GPUs; a step with several stands on each.'
      : 'No step holds a GPU: steps side by side stand on slots.',
  );
}

const isUnnamed = ({step}: Ran): boolean => step.result?.record.gpus === undefined;

/** A lane for each GPU that a result names. */
function onGpus(all: readonly Ran[]): {readonly ran: Ran; readonly lane: string}[] {
  const hosts = groupBy(all, ({host}) => host);
  return [...hosts].flatMap(([host, list]) => {
    const uuids = [...new Set(list.flatMap(({step}) => step.result?.record.gpus ?? []))].sort(byCodeUnit);
    return list.flatMap((ran) =>
      (ran.step.result?.record.gpus ?? []).map((uuid) => ({
        ran,
        lane: `${hosts.size > 1 ? `${host} ` : ''}GPU ${uuids.indexOf(uuid) + 1}`,
      })),
    );
  });
}

const byLane = (a: string, b: string): number => {
  const split = (lane: string): [string, number] => [lane.replace(/\d+$/, ''), Number(/\d+$/.exec(lane)?.[0] ?? 0)];
  const [[nameA, numberA], [nameB, numberB]] = [split(a), split(b)];
  return byCodeUnit(nameA, nameB) || numberA - numberB;
};

/** Lanes on each host such that nothing on a lane overlaps: the first that is free takes the next span. */
function pack(all: readonly Ran[], word: string): {readonly ran: Ran; readonly lane: string}[] {
  const hosts = groupBy(
    [...all].sort((a, b) => a.from - b.from),
    ({host}) => host,
  );
  return [...hosts].flatMap(([host, list]) => {
    const free: number[] = [];
    return list.flatMap((ran) =>
      Array.from({length: Math.max(1, ran.step.gpus)}, () => {
        const found = free.findIndex((until) => until <= ran.from);
        const lane = found < 0 ? free.length : found;
        free[lane] = ran.to;
        return {ran, lane: `${hosts.size > 1 ? `${host} ` : ''}${word} ${lane + 1}`};
      }),
    );
  });
}

const BOX = 46;

/** The stages as boxes, in the colours of the page. */
function graphSvg(stages: readonly SiteStage[]): string {
  const nodes = stages.map(({name, counts}) => {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return {id: name, label: `${name} ${counts.done}/${total}`, total, counts};
  });
  const edges = stages.flatMap(({name, needs}) => needs.map((from) => ({from, to: name})));
  const {width, height, boxes, lines} = layOut(nodes, edges, BOX, 'LR');
  const drawn = boxes.map(({node: {id, total, counts}, x, y, width: wide}) => {
    const part = total === 0 ? 0 : counts.done / total;
    const worst =
      counts.failed > 0 ? 'failed' : counts.blocked > 0 ? 'blocked' : counts.running > 0 ? 'running' : 'done';
    const left = x - wide / 2;
    const top = y - BOX / 2;
    return html`<g class="state-${part === 1 ? 'done' : worst === 'done' ? 'waiting' : worst}">
      <rect
        x="${left.toFixed(1)}"
        y="${top.toFixed(1)}"
        width="${wide.toFixed(1)}"
        height="${BOX}"
        rx="8"
        fill="var(--head)"
        stroke="currentColor"
      />
      <rect
        x="${(left + 10).toFixed(1)}"
        y="${(top + BOX - 11).toFixed(1)}"
        width="${(wide - 20).toFixed(1)}"
        height="4"
        rx="2"
        fill="var(--line)"
      />
      <rect
        x="${(left + 10).toFixed(1)}"
        y="${(top + BOX - 11).toFixed(1)}"
        width="${((wide - 20) * part).toFixed(1)}"
        height="4"
        rx="2"
        fill="currentColor"
      />
      <text x="${x.toFixed(1)}" y="${(y + 1).toFixed(1)}" text-anchor="middle" fill="var(--ink)" font-size="13"
        >${id} ${counts.done}/${total}</text
      >
    </g>`.text;
  });
  return `<svg role="img" aria-label="The stages of the pipeline with how many of their steps are done" viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" width="${width.toFixed(0)}" height="${height.toFixed(0)}"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="var(--soft)"/></marker></defs>${lines
    .map((points) => `<polyline points="${points}" fill="none" stroke="var(--soft)" marker-end="url(#arrow)"/>`)
    .join('')}${drawn.join('')}</svg>`;
}
