import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export function validateCommand(options: ProjectOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  terminal.err(project.warnings);
  const {cells, stages, steps} = project.graph;
  terminal.out(`${options.file} is valid: ${cells.length} cells, ${steps.size} steps in ${stages.length} stages\n`);
  return EXIT.done;
}
