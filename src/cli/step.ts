import {relative} from 'node:path';
import {quote} from '../base/argv.js';
import {quoted} from '../base/quoted.js';
import {docOf} from '../plan/explain.js';
import {keyOf} from '../plan/key.js';
import {changedPaths} from '../plan/reason.js';
import type {Step, StepId} from '../graph/step.js';
import {describeVerdict} from '../report/plan.js';
import {statusJson} from '../report/status.js';
import {renderStep, renderStepList, stepJson} from '../report/step.js';
import {statusOf} from '../run/status.js';
import {writeAccepted, type AcceptRecord} from '../store/accept.js';
import {unsettledAttempts} from '../store/attempt.js';
import {onlooker} from '../run/find-executor.js';
import {readResult} from '../store/result.js';
import {printableJson} from '../report/style.js';
import {findStep, sayUnknown, stepsNamed} from './find-step.js';
import {me} from './me.js';
import {planProject} from './planned.js';
import {openProject, type ProjectOptions} from './project.js';
import {pastOf} from './past.js';
import {EXIT, type Terminal} from './terminal.js';

export type ListOptions = ProjectOptions & {readonly state?: string; readonly json?: boolean};

/** All steps, done ones too, one line each. */
export async function listCommand(options: ListOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {verdicts, history} = planProject(project);
  const open = unsettledAttempts(project.runs.attempts);
  const looker = onlooker((name) => terminal.env[name]);
  const {steps: all, strays} = await statusOf(project.graph, verdicts, history, open, looker, new Date());
  const wanted = new Map([...all].filter(([, {state}]) => state === (options.state ?? state)));
  terminal.out(
    options.json ? `${printableJson(statusJson({steps: wanted, strays}))}\n` : renderStepList([...wanted.values()]),
  );
  return EXIT.done;
}

export type ShowOptions = ProjectOptions & {readonly json?: boolean};

export function showCommand(text: string, options: ShowOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  const step = project && findStep(project.graph, text, terminal);
  if (!step) return EXIT.badInput;
  const planned = planProject(project);
  const shown = pastOf(step, planned.verdicts.get(step.id)!, project, planned);
  terminal.out(options.json ? `${printableJson(stepJson(shown), 2)}\n` : renderStep(shown, terminal.paintOut));
  return EXIT.done;
}

/** The command that runs a step again, with the flags that were given here. */
export function rerunCommand(text: string, options: ProjectOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  const step = project && findStep(project.graph, text, terminal);
  if (!step) return EXIT.badInput;
  const flags = [
    ...(options.file === 'pipeline.yaml' ? [] : ['-f', options.file]),
    ...options.profile.flatMap((name) => ['--profile', name]),
    ...options.set.flatMap((setting) => ['--set', setting]),
  ];
  terminal.out(`${['ptb', 'pipeline', 'run', ...flags, '--rerun', step.id].map(quote).join(' ')}\n`);
  return EXIT.done;
}

export type AcceptOptions = ProjectOptions & {readonly because: string};

/** Keeps old results under the new keys of their steps. All that are named, or none. */
export function acceptCommand(texts: readonly string[], options: AcceptOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {graph, runs, pipeline, files} = project;
  const because = options.because.trim();
  if (because === '') {
    terminal.err('--because is empty; say why the old results are still good\n');
    return EXIT.badInput;
  }
  const {history, verdicts} = planProject(project);
  const when = new Date().toISOString();

  /** What is to be written, or why nothing can be. */
  const consider = (step: Step): AcceptRecord | string => {
    const verdict = verdicts.get(step.id)!;
    switch (verdict.kind) {
      case 'cached':
        return 'it is cached: there is nothing to accept';
      case 'after':
        return `it has no key yet: ${verdict.upstream} comes first; run with --until ${stageOf(step, verdict.upstream)}`;
      case 'run':
        if (verdict.because.kind === 'unsettled') return `${describeVerdict(verdict)}; end it with: ptb pipeline stop`;
        break;
      case 'failed':
    }
    const last = history.last(step.id);
    const old = last && readResult(last.dir);
    if (!old) return 'it never ran: there is no old result to keep';
    const doc = docOf(step, files.digests, verdicts);
    const decision = {from: old.key, paths: changedPaths(old.doc, doc), because, by: me(), when};
    return {version: 1, step: step.id, pipeline: pipeline.name, key: keyOf(doc), ...decision};
  };

  const wanted = new Map<Step, AcceptRecord>();
  let wrong = false;
  for (const text of texts) {
    const named = stepsNamed(graph, text);
    if (named.length === 0) sayUnknown(graph, text, terminal);
    const considered = named.map((step) => [step, consider(step)] as const);
    const records = considered.flatMap(([step, record]) =>
      typeof record === 'string' ? [] : [[step, record] as const],
    );
    for (const [step, record] of records) wanted.set(step, record);
    if (records.length > 0) continue;
    wrong = true;
    if (named.length > 1)
      terminal.err(`none of the ${named.length} steps that ${quoted(text)} names can be accepted:\n`);
    for (const [step, problem] of considered.slice(0, 8)) terminal.err(`${step.id}: ${problem as string}\n`);
  }
  if (wrong) {
    terminal.err('nothing was accepted\n');
    return EXIT.badInput;
  }
  for (const [step, record] of wanted) {
    const file = writeAccepted(runs, step, record);
    terminal.out(`accepted ${step.id} (changed: ${record.paths.join(', ')})\n  ${relative(pipeline.root, file)}\n`);
  }
  return EXIT.done;
}

const stageOf = ({needs}: Step, upstream: StepId): string =>
  needs.find(({steps}) => steps.includes(upstream))!.need.stage;
