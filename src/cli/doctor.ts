import {doctorJson, isReady, renderFindings, renderVerdict} from '../report/doctor.js';
import type {Step} from '../graph/step.js';
import {look, type Looked, type Looking} from '../run/doctor/look.js';
import {lookCloser} from '../run/doctor/look-closer.js';
import {printableJson} from '../report/style.js';
import {hostOf} from './host.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type DoctorOptions = ProjectOptions & {readonly online?: boolean; readonly json?: boolean};

/** Whether the machine has what the pipeline's steps need, cached or not. */
export async function doctorCommand(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const all = [...project.graph.steps.values()];
  const findings = await lookCloser(lookingAt(project, all, terminal), options.online === true);
  const {paintOut} = terminal;
  terminal.out(
    options.json
      ? `${printableJson(doctorJson(project.pipeline.name, findings), 2)}\n`
      : renderFindings(findings, paintOut) + renderVerdict(findings, all.length, paintOut),
  );
  return isReady(findings) ? EXIT.done : EXIT.notReady;
}

/** The cheap part of it for the steps that a run is about to start; undefined, and said why, when the machine is not ready. */
export async function preflight(
  project: Project,
  steps: readonly Step[],
  terminal: Terminal,
): Promise<ReadyMachine | undefined> {
  const {sandbox, findings, ...machine} = await look(lookingAt(project, steps, terminal));
  terminal.err(
    renderFindings(
      findings.filter(({state}) => state !== 'ok'),
      terminal.paintErr,
    ),
  );
  if (sandbox !== undefined && isReady(findings)) return {...machine, sandbox};
  terminal.err('nothing was started; ptb doctor, with the same flags, shows all that was looked at\n');
  return undefined;
}

export type ReadyMachine = Omit<Looked, 'findings' | 'sandbox'> & {readonly sandbox: NonNullable<Looked['sandbox']>};

const lookingAt = (project: Project, steps: readonly Step[], terminal: Terminal): Looking => ({
  pipeline: project.pipeline,
  all: [...project.graph.steps.values()],
  steps,
  runs: project.runs,
  host: hostOf(terminal, project.runs),
  variable: (name) => terminal.env[name],
});
