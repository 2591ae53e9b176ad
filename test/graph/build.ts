import {join} from 'node:path';
import {load} from '../../src/config/load.js';
import {graphOf, type Graph, type Selection} from '../../src/graph/graph.js';
import type {Step} from '../../src/graph/step.js';
import {project, type Written} from '../config/project.js';

/** The graph of `BASE` with `files` laid over it. */
export function build(files: Written = {}, selection: Selection = {only: []}): Graph {
  const {pipeline} = load({file: join(project(files), 'pipeline.yaml'), profiles: [], sets: [], version: '0'});
  const built = pipeline.ok ? graphOf(pipeline.value, selection) : pipeline;
  if (!built.ok) throw new Error(built.issues.map(({message}) => message).join('\n'));
  return built.value;
}

export function stepOf({steps}: Graph, id: string): Step {
  const found = [...steps.values()].find((step) => step.id === id);
  if (!found) throw new Error(`no ${id} among ${[...steps.keys()].join(' ')}`);
  return found;
}
