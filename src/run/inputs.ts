import {basename, join} from 'node:path';
import {unreachable} from '../base/unreachable.js';
import type {Step} from '../graph/step.js';
import type {Board, State} from './board.js';
import type {Input} from './compose.js';

/** What a step is handed of the steps that it needs, as they stand. */
export const inputsOf = (step: Step, board: Board): Input[] =>
  step.needs.map(({need, gathers, steps}) => ({
    stage: need.stage,
    gathers,
    steps: steps.map((id) => {
      const state = board.get(id);
      const axes = board.graph.steps.get(id)!.at;
      if (state.kind !== 'done') {
        const because = whyAbsent(need.stage, state);
        return {axes, folder: '', out: null, take: [], because, seconds: null, sandbox: null};
      }
      const {dir, outputs, seconds, sandbox} = state;
      const take = Object.keys(outputs).filter((name) => need.take?.includes(name) ?? true);
      return {axes, folder: basename(dir), out: join(dir, 'out'), take, because: '', seconds, sandbox};
    }),
  }));

function whyAbsent(stage: string, state: Exclude<State, {kind: 'done'}>): string {
  switch (state.kind) {
    case 'failed':
      return `${stage} failed: ${state.failure.because}`;
    case 'blocked':
      return `${state.by} failed`;
    case 'held':
      return `not started: ${state.because}`;
    case 'waiting':
    case 'queued':
    case 'running':
      return 'it is not there';
    default:
      return unreachable(state);
  }
}
