import {existsSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {lockFileOf} from '../config/load-lock.js';
import {NoCrate, writeCrate} from '../report/crate/write.js';
import {gatherProject} from './report.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type ExportCrateOptions = ProjectOptions & {readonly out?: string; readonly license?: string};

export async function exportCrateCommand(options: ExportCrateOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {license} = options;
  if (license !== undefined && !URL.canParse(license)) {
    terminal.err(`--license ${license}: not an address; for instance https://spdx.org/licenses/CC-BY-4.0\n`);
    return EXIT.badInput;
  }
  const {pipeline, graph, files, runs} = project;
  const out = resolve(options.out ?? join(runs.root, 'ro-crate'));
  const steps = [...graph.steps.values()];
  const declared = graph.stages.map(({dir}) => `${dir}/stage.yaml`);
  const workflow = basename(options.file);
  const lock = lockFileOf(workflow);
  const sources = {
    root: pipeline.root,
    workflow,
    project: [...new Set([...declared, ...steps.flatMap((step) => files.of(step))])].sort(),
    lock: existsSync(join(pipeline.root, lock)) ? lock : undefined,
  };
  const data = await gatherProject(project, {kind: 'nothing'}, terminal);
  try {
    writeCrate(out, data, sources, {license, runtime: `${process.release.name} ${process.version}`});
  } catch (error) {
    if (!(error instanceof NoCrate)) throw error;
    terminal.err(`${error.message}\n`);
    return EXIT.badInput;
  }
  terminal.out(`${join(out, 'ro-crate-metadata.json')}\n`);
  return EXIT.done;
}
