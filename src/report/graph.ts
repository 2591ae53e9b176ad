import * as dagre from '@dagrejs/dagre';
import type {Graph} from '../graph/graph.js';

export const GRAPH_FORMATS = ['mermaid', 'dot', 'svg'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

type Point = {readonly x: number; readonly y: number};

/** What is used of dagre: its own declarations do not resolve under NodeNext. */
type Layout = {
  setGraph(options: object): void;
  graph(): {readonly width?: number; readonly height?: number};
  setNode(id: string, size: {readonly width: number; readonly height: number}): void;
  setEdge(from: string, to: string, label: object): void;
  node(id: string): Point & {readonly width: number};
  edge(from: string, to: string): {readonly points: readonly Point[]};
};
const {graphlib, layout: arrange} = dagre as unknown as {
  graphlib: {Graph: new () => Layout};
  layout: (graph: Layout) => void;
};

type Node = {readonly id: string; readonly label: string};
type Edge = {readonly from: string; readonly to: string};

/** The pipeline's stages with the number of their steps. */
export function renderGraph(graph: Graph, format: GraphFormat): string {
  const counts = new Map<string, number>();
  for (const {stage} of graph.steps.values()) counts.set(stage.name, (counts.get(stage.name) ?? 0) + 1);
  const nodes = graph.stages.map(({name}): Node => ({id: name, label: `${name} × ${counts.get(name) ?? 0}`}));
  const edges = graph.stages.flatMap(({name, needs}) => needs.map(({stage}): Edge => ({from: stage, to: name})));
  switch (format) {
    case 'mermaid':
      return [
        'flowchart TD',
        ...nodes.map(({id, label}) => `  ${id}["${label}"]`),
        ...edges.map(({from, to}) => `  ${from} --> ${to}`),
        '',
      ].join('\n');
    case 'dot':
      return [
        'digraph pipeline {',
        '  node [shape=box];',
        ...nodes.map(({id, label}) => `  "${id}" [label="${label}"];`),
        ...edges.map(({from, to}) => `  "${from}" -> "${to}";`),
        '}',
        '',
      ].join('\n');
    case 'svg':
      return svg(nodes, edges);
  }
}

const HEIGHT = 34;
const CHARACTER = 8;
const MARGIN = 10;

type Box<T> = Point & {readonly node: T; readonly width: number};

/** Where boxes of a height stand, and the lines between them as the points of an SVG polyline. */
export function layOut<T extends Node>(
  nodes: readonly T[],
  edges: readonly Edge[],
  boxHeight: number,
  direction: 'TB' | 'LR',
): {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box<T>[];
  readonly lines: readonly string[];
} {
  const layout = new graphlib.Graph();
  layout.setGraph({rankdir: direction, nodesep: 30, ranksep: 40, marginx: MARGIN, marginy: MARGIN});
  for (const {id, label} of nodes) layout.setNode(id, {width: label.length * CHARACTER + 24, height: boxHeight});
  for (const {from, to} of edges) layout.setEdge(from, to, {});
  arrange(layout);
  const {width = 0, height = 0} = layout.graph();
  // Lines may run around the boxes.
  const points = edges.flatMap(({from, to}) => layout.edge(from, to).points);
  return {
    width: Math.max(width, ...points.map(({x}) => x + MARGIN)),
    height: Math.max(height, ...points.map(({y}) => y + MARGIN)),
    boxes: nodes.map((node) => ({...layout.node(node.id), node})),
    lines: edges.map(({from, to}) =>
      layout
        .edge(from, to)
        .points.map(({x, y}) => `${x.toFixed(1)},${y.toFixed(1)}`)
        .join(' '),
    ),
  };
}

function svg(nodes: readonly Node[], edges: readonly Edge[]): string {
  const {width, height, boxes, lines} = layOut(nodes, edges, HEIGHT, 'TB');
  const drawn = boxes.map(({node: {label}, x, y, width: wide}) => {
    const left = (x - wide / 2).toFixed(1);
    const top = (y - HEIGHT / 2).toFixed(1);
    return (
      `<rect x="${left}" y="${top}" width="${wide}" height="${HEIGHT}" rx="6"/>` +
      `<text x="${x.toFixed(1)}" y="${(y + 5).toFixed(1)}">${label}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" font-family="sans-serif" font-size="14">`,
    '<style>rect{fill:#eef2ff;stroke:#4f5b93}text{text-anchor:middle;fill:#1c2033}polyline{fill:none;stroke:#4f5b93;marker-end:url(#arrow)}</style>',
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#4f5b93"/></marker></defs>',
    ...lines.map((points) => `<polyline points="${points}"/>`),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
