import {lineReporter} from '../report/lines.js';
import {toAll, type Emit} from '../run/event.js';
import {printableJson} from '../report/style.js';
import type {Project} from './project.js';
import type {Terminal} from './terminal.js';

export type ReportOptions = {readonly json?: boolean; readonly quiet?: boolean};

/** Who hears of a run: the journal if there is one, and on stderr a person, or on stdout a program. */
export async function reporterFor(
  {graph, pipeline}: Project,
  {json, quiet}: ReportOptions,
  terminal: Terminal,
  view: 'live' | 'lines',
  ...others: Emit[]
): Promise<Emit> {
  const listeners = [...others];
  if (json) {
    listeners.push((event) => {
      if (event.kind === 'end') return; // its line carries the exit code and comes last
      const {kind, ...rest} = event;
      terminal.out(`${printableJson({version: 1, event: kind, ...rest})}\n`);
    });
  } else if (!quiet) {
    listeners.push(
      terminal.live && view === 'live'
        ? (await import('../report/live.js')).liveReporter(graph, process.stderr, terminal.paintErr)
        : lineReporter(terminal.err, terminal.paintErr),
    );
  }
  const emit = toAll(...listeners);
  emit({kind: 'begin', pipeline: pipeline.name, steps: graph.steps.size, cells: graph.cells.length});
  return emit;
}
