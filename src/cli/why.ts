import {relative} from 'node:path';
import type {StepId} from '../graph/step.js';
import {why} from '../plan/explain.js';
import type {KeyDoc} from '../plan/key.js';
import {renderWhy, whyJson, type Past} from '../report/why.js';
import type {Committed} from '../store/history.js';
import {readResult} from '../store/result.js';
import {printableJson} from '../report/style.js';
import {findStep} from './find-step.js';
import {planProject} from './planned.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type WhyOptions = ProjectOptions & {readonly json?: boolean};

/** Says why a step has its verdict: its key document now against that of its result, field by field. */
export function whyCommand(text: string, options: WhyOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  const step = project && findStep(project.graph, text, terminal);
  if (!step) return EXIT.badInput;
  const {graph, files} = project;
  const {history, verdicts} = planProject(project);
  const committed = (id: StepId): Committed | undefined => {
    const verdict = verdicts.get(id)!;
    return verdict.kind === 'cached' ? history.committed(graph.steps.get(id)!, verdict.key) : history.last(id);
  };
  const past = (id: StepId): Past | undefined => {
    const result = committed(id);
    if (result === undefined) return undefined;
    const {attempt, ended} = result.entry;
    return {folder: relative(project.pipeline.root, result.dir), attempt, ended};
  };
  const answer = why(step.id, graph, verdicts, files.digests, (id) => docIn(committed(id)));
  terminal.out(
    options.json ? `${printableJson(whyJson(answer, past), 2)}\n` : renderWhy(answer, past, terminal.paintOut),
  );
  return EXIT.done;
}

const docIn = (result: Committed | undefined): KeyDoc | undefined => result && readResult(result.dir)?.doc;
