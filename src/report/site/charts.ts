import * as Plot from '@observablehq/plot';
import {parseHTML} from 'linkedom';
import {readable} from '../trace.js';
import {trusted, type Html} from './html.js';

// Plot draws into a document; this one is only made of it. Colours are the style sheet's, so a chart follows light and dark.
const {document} = parseHTML('<html><body></body></html>') as unknown as {document: never};

let charts = 0;

/** A chart as SVG. `label` says in a sentence what it shows; its numbers stand in a table nearby. */
export function draw(label: string, options: Plot.PlotOptions): Html {
  const svg: unknown = Plot.plot({
    document,
    // Else each chart carries a class name made of its content's digest, and two on a page may share it.
    className: `plot-${++charts}`,
    style: {background: 'transparent', fontSize: '12.5px', overflow: 'visible'},
    color: {type: 'identity'},
    ...options,
  });
  const drawn = svg as {setAttribute(name: string, value: string): void; readonly outerHTML: string};
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', readable(label));
  return trusted(
    drawn.outerHTML
      .replaceAll('--plot-background: white;', '--plot-background: var(--card);')
      // The chart is one image with one name; names of its groups are for nobody.
      .replaceAll(/(<g\b[^>]*?) aria-label="[^"]*"/g, '$1'),
  );
}

/** A name short enough for an axis. */
export const shortName = (name: string): string => {
  const text = readable(name);
  return text.length > 34 ? `${text.slice(0, 33)}…` : text;
};

export const INK = {
  agent: 'var(--c-agent)',
  baseline: 'var(--c-baseline)',
  published: 'var(--c-published)',
  imported: 'var(--c-imported)',
} as const;

export const SERIES = Array.from({length: 8}, (_value, n) => `var(--c${n + 1})`);

type Bar = {
  readonly name: string;
  readonly value: number;
  readonly std: number | null;
  readonly ink: string;
  readonly tip: string;
};

/** Horizontal bars with ±, in the order given. */
export function bars(
  label: string,
  axis: string,
  list: readonly Bar[],
  options: {readonly limit?: number; readonly percent?: boolean; readonly digits?: number} = {},
): Html {
  const {limit, percent = true, digits = 1} = options;
  const scale = percent ? 100 : 1;
  const rows = list.map((bar) => ({
    ...bar,
    name: shortName(bar.name),
    value: bar.value * scale,
    std: (bar.std ?? 0) * scale,
  }));
  const names = unique(rows.map(({name}) => name));
  const data = rows.map((row, n) => ({...row, name: names[n]!}));
  const longest = Math.max(4, ...names.map((name) => name.length));
  return draw(label, {
    width: 720,
    height: 20 + 24 * Math.max(1, data.length) + 50,
    marginTop: 10,
    marginBottom: 50,
    marginLeft: Math.min(260, 16 + longest * 7),
    marginRight: 64,
    x: {label: axis, labelOffset: 42, grid: true, nice: true, zero: true},
    y: {label: null, domain: names, padding: 0.28},
    marks: [
      Plot.barX(data, {x: 'value', y: 'name', fill: 'ink', fillOpacity: 0.85, title: 'tip', rx: 2}),
      Plot.ruleY(
        data.filter(({std}) => std > 0),
        {
          x1: (bar: Bar) => Math.max(0, bar.value - bar.std!),
          x2: (bar: Bar) => bar.value + bar.std!,
          y: 'name',
          stroke: 'currentColor',
          strokeWidth: 1.5,
          marker: 'tick',
        },
      ),
      Plot.text(data, {
        x: (bar: Bar) => bar.value + bar.std!,
        y: 'name',
        text: (bar: Bar) => bar.value.toFixed(digits),
        textAnchor: 'start',
        dx: 7,
        fill: 'currentColor',
      }),
      ...(limit === undefined ? [] : [Plot.ruleX([limit * scale], {stroke: 'var(--c-warn)', strokeDasharray: '4 3'})]),
      Plot.ruleX([0], {stroke: 'currentColor'}),
    ],
  });
}

/** Names made distinct: an axis would draw two of the same name as one. */
export function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name} (${count + 1})`;
  });
}

type Point = {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly std: number | null;
  readonly ink: string;
};

/** Points with the line of those that no other beats in both directions: less of x, more of y. Scores in percent. */
export function pareto(label: string, axis: string, points: readonly Point[]): Html {
  const data = points.map((point) => ({
    ...point,
    name: shortName(point.name),
    y: point.y * 100,
    std: (point.std ?? 0) * 100,
  }));
  const front: typeof data = [];
  for (const point of [...data].sort((a, b) => a.x - b.x || b.y - a.y)) {
    if (front.length === 0 || point.y > front.at(-1)!.y) front.push(point);
  }
  const tip = ({name, x, y, std}: Point): string =>
    `${name}: ${y.toFixed(1)}${std ? ` ± ${std.toFixed(1)}` : ''} % at ${x.toFixed(2)}`;
  const [least, most] = [Math.min(...data.map(({x}) => x)), Math.max(...data.map(({x}) => x))];
  const isRight = ({x}: Point): boolean => x > least + 0.7 * (most - least);
  return draw(label, {
    width: 720,
    height: 390,
    marginRight: 30,
    marginBottom: 50,
    x: {label: axis, labelOffset: 42, grid: true, nice: true, zero: true},
    y: {label: '↑ average score (%)', grid: true, nice: true, zero: true},
    marks: [
      Plot.ruleY([0], {stroke: 'currentColor'}),
      Plot.line(front, {
        x: 'x',
        y: 'y',
        curve: 'step-after',
        stroke: 'currentColor',
        strokeOpacity: 0.45,
        strokeDasharray: '4 3',
      }),
      Plot.ruleX(
        data.filter(({std}) => std > 0),
        {
          x: 'x',
          y1: (point: Point) => point.y - point.std!,
          y2: (point: Point) => point.y + point.std!,
          stroke: 'ink',
          strokeOpacity: 0.7,
        },
      ),
      Plot.dot(data, {x: 'x', y: 'y', r: 5, fill: 'ink', stroke: 'var(--card)', strokeWidth: 1.5, title: tip}),
      Plot.text(
        apart(
          data.filter((point) => !isRight(point)),
          data,
        ),
        {
          x: 'x',
          y: 'y',
          text: 'name',
          textAnchor: 'start',
          dx: 9,
          fill: 'currentColor',
          stroke: 'var(--card)',
          strokeWidth: 3,
          fontSize: 11.5,
        },
      ),
      Plot.text(apart(data.filter(isRight), data), {
        x: 'x',
        y: 'y',
        text: 'name',
        textAnchor: 'end',
        dx: -9,
        fill: 'currentColor',
        stroke: 'var(--card)',
        strokeWidth: 3,
        fontSize: 11.5,
      }),
    ],
  });
}

/** Labels whose heights do not meet: of points too near to each other only the higher is named; all are in the tooltips. */
function apart<T extends {readonly x: number; readonly y: number}>(labelled: readonly T[], all: readonly T[]): T[] {
  const width = Math.max(...all.map(({x}) => x), 1e-9);
  const height = Math.max(...all.map(({y}) => y), 1e-9);
  const kept: T[] = [];
  for (const point of [...labelled].sort((a, b) => b.y - a.y)) {
    const isClear = kept.every(
      (other) => Math.abs(other.y - point.y) / height > 0.042 || Math.abs(other.x - point.x) / width > 0.3,
    );
    if (isClear) kept.push(point);
  }
  return kept;
}

type LinePoint = {
  readonly series: string;
  readonly x: number | string;
  readonly y: number;
  readonly std: number | null;
};

/** A line for each series over an axis of numbers or names, with ±. Scores in percent. */
export function lines(
  label: string,
  axis: string,
  points: readonly LinePoint[],
  ink: ReadonlyMap<string, string>,
): Html {
  const data = points.map((point) => ({
    ...point,
    y: point.y * 100,
    std: (point.std ?? 0) * 100,
    ink: ink.get(point.series) ?? 'currentColor',
  }));
  const isNumber = data.every(({x}) => typeof x === 'number');
  return draw(label, {
    width: 720,
    height: 390,
    marginRight: 30,
    marginBottom: 50,
    x: isNumber
      ? {
          label: axis,
          labelOffset: 42,
          type: 'linear',
          grid: true,
          nice: true,
          ticks: [...new Set(data.map(({x}) => x as number))],
          tickFormat: (x: number) => String(x),
        }
      : {label: axis, labelOffset: 42, type: 'point', domain: [...new Set(data.map(({x}) => String(x)))]},
    y: {label: '↑ average score (%)', grid: true, nice: true, zero: true},
    marks: [
      Plot.ruleY([0], {stroke: 'currentColor'}),
      Plot.line(data, {x: 'x', y: 'y', z: 'series', stroke: 'ink', strokeWidth: 2}),
      Plot.ruleX(
        data.filter(({std}) => std > 0),
        {
          x: 'x',
          y1: (point: {y: number; std: number}) => point.y - point.std,
          y2: (point: {y: number; std: number}) => point.y + point.std,
          stroke: 'ink',
          strokeWidth: 1.5,
          marker: 'tick',
        },
      ),
      Plot.dot(data, {
        x: 'x',
        y: 'y',
        r: 4.5,
        fill: 'ink',
        stroke: 'var(--card)',
        title: (point: LinePoint) =>
          `${readable(point.series)}, ${point.x}: ${point.y.toFixed(1)}${point.std ? ` ± ${point.std.toFixed(1)}` : ''} %`,
      }),
    ],
  });
}

type Span = {
  readonly lane: string;
  readonly from: Date;
  readonly to: Date;
  readonly ink: string;
  readonly tip: string;
  readonly href?: string;
};

/** What ran when, on which lane. */
export function timeline(label: string, lanes: readonly string[], spans: readonly Span[]): Html {
  return draw(label, {
    width: 1180,
    height: 74 + 22 * Math.max(1, lanes.length),
    marginBottom: 50,
    marginLeft: Math.min(220, 20 + 7 * Math.max(...lanes.map((lane) => lane.length), 3)),
    x: {label: 'UTC →', labelOffset: 46, type: 'utc', grid: true},
    y: {label: null, domain: lanes, padding: 0.18},
    marks: [
      Plot.barX(spans, {
        x1: 'from',
        x2: 'to',
        y: 'lane',
        fill: 'ink',
        title: 'tip',
        rx: 1.5,
        insetLeft: 0.3,
        insetRight: 0.3,
      }),
    ],
  });
}
