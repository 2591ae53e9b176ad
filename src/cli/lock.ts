import {basename, dirname, join, relative} from 'node:path';
import {stringify} from 'yaml';
import {byCodeUnit} from '../base/canonical.js';
import {lockFileOf, type Pins} from '../config/load-lock.js';
import type {StepId} from '../graph/step.js';
import {printable} from '../report/style.js';
import {writeWhole} from '../store/write.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

const HEADER = `# What these names meant when they were first used, so that a later run takes the same. Commit this file.
# Written by \`ptb lock\`. For a newer version remove its line, and: ptb pipeline run --rerun STAGE; ptb lock
`;

/** Writes down, beside the pipeline, what the pinned names of finished steps came to. */
export function lockCommand(options: ProjectOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {found, open, clashes} = pinsOf(project);
  const file = lockFileOf(join(project.pipeline.root, basename(options.file)));
  const shown = relative('.', join(dirname(options.file), basename(file)));
  const {pins: before} = project.pipeline;
  const pins = [...new Map([...before, ...found])].sort(([a], [b]) => byCodeUnit(a, b));
  const fresh = pins.filter(([name, version]) => before.get(name) !== version);
  if (fresh.length > 0) writeWhole(file, `${HEADER}${stringify({version: 1, pins: Object.fromEntries(pins)})}`);
  for (const [name, version] of fresh) terminal.out(`${printable(name)} ${printable(version)}\n`);
  for (const line of clashes) terminal.err(`${printable(line)}\n`);
  if (open.length > 0) {
    terminal.err(`not used yet, so without a version: ${open.map(printable).join(', ')}\n`);
  }
  terminal.err(fresh.length > 0 ? `${shown}: ${count(fresh.length)} written; commit it\n` : `${shown}: nothing new\n`);
  return EXIT.done;
}

/** One line for whoever ran a pipeline whose names are not locked yet. */
export function remindOfLock(project: Project, terminal: Terminal): void {
  const fresh = [...pinsOf(project).found.keys()].filter((name) => !project.pipeline.pins.has(name));
  if (fresh.length > 0) {
    terminal.err(
      `${count(fresh.length)} not locked: \`ptb lock\` writes down which versions were used, to be committed\n`,
    );
  }
}

const count = (names: number): string => `${names} ${names === 1 ? 'name' : 'names'}`;

type Found = {
  readonly found: Pins;
  /** Names that no finished step has used. */
  readonly open: readonly string[];
  readonly clashes: readonly string[];
};

function pinsOf(project: Project): Found {
  const steps = [...project.graph.steps.values()].filter(({spec}) => spec.pins.size > 0);
  if (steps.length === 0) return {found: new Map(), open: [], clashes: []};
  const {verdicts, history} = planProject(project);
  const found = new Map<string, {readonly version: string; readonly step: StepId}>();
  const open = new Set<string>();
  const clashes: string[] = [];
  for (const step of steps) {
    const verdict = verdicts.get(step.id)!;
    const told = verdict.kind === 'cached' ? history.pins(step, verdict.key) : undefined;
    for (const [name, locked] of step.spec.pins) {
      const version = told?.[name];
      const known = found.get(name);
      if (typeof version !== 'string') {
        // What is made here instead of fetched has no version, and needs none.
        if (verdict.kind !== 'cached' && locked === undefined) open.add(name);
      } else if (known && known.version !== version) {
        clashes.push(
          `${name} was ${known.version} in ${known.step} and ${version} in ${step.id}, which will run again`,
        );
      } else found.set(name, {version, step: step.id});
    }
  }
  return {
    found: new Map([...found].map(([name, {version}]) => [name, version])),
    open: [...open].filter((name) => !found.has(name)),
    clashes,
  };
}
