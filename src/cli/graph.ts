import {renderGraph, type GraphFormat} from '../report/graph.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type GraphOptions = ProjectOptions & {readonly format: GraphFormat};

export function graphCommand(options: GraphOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  terminal.out(renderGraph(project.graph, options.format));
  return EXIT.done;
}
