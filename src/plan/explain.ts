import type {Json} from '../base/json.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {keyDoc, type KeyDoc} from './key.js';
import type {FileDigests, Plan, Verdict} from './plan.js';
import {differences, type Difference} from './reason.js';

/** A difference between two key documents, and what it means for the step. */
export type Meant = Difference & {readonly meaning: string};

/** Why a step has its verdict: what differs from its past, and the same of the step that it waits for. */
export type Why = {
  readonly step: Step;
  readonly verdict: Verdict;
  /** Of a step that waits, as far as they are known before its upstream has run. */
  readonly differences: readonly Meant[];
  readonly waitsFor?: Why;
  /** Upstream steps without outputs beside that one. */
  readonly othersPending: number;
};

/** `pastDoc` is the document of the result that a step has, else of its last one. */
export function why(
  id: StepId,
  graph: Graph,
  plan: Plan,
  files: FileDigests,
  pastDoc: (id: StepId) => KeyDoc | undefined,
): Why {
  const step = graph.steps.get(id)!;
  const verdict = plan.get(id)!;
  const past = pastDoc(id);
  const doc = docOf(step, files, plan);
  const pending = verdict.kind === 'after';
  const known = (document: KeyDoc): KeyDoc => (pending ? {...document, needs: {}} : document);
  const upstream = new Set(step.needs.flatMap(({steps}) => steps));
  return {
    step,
    verdict,
    differences: past === undefined ? [] : explain(step, known(past), known(doc)),
    ...(pending ? {waitsFor: why(verdict.upstream, graph, plan, files, pastDoc)} : {}),
    othersPending: pending ? [...upstream].filter((up) => plan.get(up)!.kind !== 'cached').length - 1 : 0,
  };
}

/** A step's key document by what is committed now; a pending upstream stands there as if it had failed. */
export const docOf = (step: Step, files: FileDigests, plan: Plan): KeyDoc =>
  keyDoc(step, files(step), (id) => {
    const verdict = plan.get(id)!;
    return verdict.kind === 'cached' ? verdict.outputs : null;
  });

/** What makes one key document another, field by field, in words. */
export const explain = (step: Step, before: KeyDoc, after: KeyDoc): Meant[] =>
  differences(before, after).map((difference) => ({...difference, meaning: meaning(step, difference)}));

function meaning(step: Step, {path, before, after}: Difference): string {
  const [part, name = '', ...rest] = path;
  switch (part) {
    case 'files':
      if (before === undefined) return 'this file is read now, and was not';
      return after === undefined ? 'this file was read, and no longer is' : 'this file changed';
    case 'axes':
      return `its value on the axis "${name}"`;
    case 'fields':
      return 'a value that the stage looks up';
    case 'pins':
      return 'the version that the lock sets';
    case 'stage':
      return `the stage's own declaration: ${DECLARED[name] ?? [name, ...rest].join('.')}${name === 'outputs' ? ` "${rest[0]}"` : ''}`;
    case 'needs': {
      const gathers = step.needs.some((one) => one.need.stage === name && one.gathers);
      const [source = name, output] = gathers ? rest : [name, ...rest];
      return output === undefined ? ofUpstream(source, before, after) : ofOutput(output, source, before, after);
    }
    default:
      return 'what ptb itself puts into a key';
  }
}

const DECLARED: Readonly<Record<string, string>> = {
  prepare: 'its command "prepare"',
  run: 'its command "run"',
  image: 'the image of its sandbox',
  gpus: 'how many GPUs it holds',
  network: 'whether it has a network',
  'done-when': 'which ends count as done',
  seconds: 'its time limit, which counts as an end',
  outputs: 'the output',
};

function ofUpstream(source: string, before: Json | undefined, after: Json | undefined): string {
  if (before === undefined) return `it takes outputs of ${source} now, and did not`;
  if (after === undefined) return `it took outputs of ${source}, and no longer does`;
  return before === null
    ? `the upstream ${source} had failed, and has outputs now`
    : `the upstream ${source} had outputs, and has failed now`;
}

function ofOutput(output: string, source: string, before: Json | undefined, after: Json | undefined): string {
  const which = `the output ${output} of upstream ${source}`;
  if (before === undefined) return `${which} is there now, and was not`;
  return after === undefined ? `${which} was there, and is not now` : `${which} has other content`;
}
