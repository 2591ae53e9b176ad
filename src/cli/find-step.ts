import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import type {Graph} from '../graph/graph.js';
import type {Step} from '../graph/step.js';
import type {Terminal} from './terminal.js';

const SHOWN = 8;

/** The one step that a text names; undefined, and said why, when it names none or several. */
export function findStep(graph: Graph, text: string, terminal: Terminal): Step | undefined {
  const found = stepsNamed(graph, text);
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    sayUnknown(graph, text, terminal);
    return undefined;
  }
  const shown = found.slice(0, SHOWN).map(({id}) => `  ${id}\n`);
  const more = found.length > SHOWN ? `  and ${found.length - SHOWN} more\n` : '';
  terminal.err(`${quoted(text)} names ${found.length} steps; say which:\n${shown.join('')}${more}`);
  return undefined;
}

export function sayUnknown(graph: Graph, text: string, terminal: Terminal): void {
  const hint = suggest(text, [...graph.steps.keys()]);
  terminal.err(`there is no step ${quoted(text)}\n  ${terminal.paintErr('blue', 'hint')}: ${hint}\n`);
}

/**
 * What a text names: the step whose id it is; else those of the stage with these values, in any order, on some of its axes;
 * else those whose stage and values begin so.
 */
export function stepsNamed(graph: Graph, text: string): Step[] {
  const [stage, list] = cut(text, ':');
  const terms = (list ?? '').split(',').flatMap((term) => (term === '' ? [] : [cut(term, '=')]));
  const steps = [...graph.steps.values()];
  const named = (same: (own: string, said: string) => boolean): Step[] =>
    steps.filter(
      (step) =>
        same(step.stage.name, stage) &&
        terms.every(([axis, value]) =>
          value === undefined
            ? Object.keys(step.at).some((own) => own.startsWith(axis))
            : step.at[axis] !== undefined && same(step.at[axis], value),
        ),
    );
  const exact = steps.filter(({id}) => id === text);
  if (exact.length > 0) return exact;
  const whole = named((own, said) => own === said);
  return whole.length > 0 ? whole : named((own, said) => own.startsWith(said));
}

function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
