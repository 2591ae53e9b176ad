import {FREE, isFree} from '../plan/bill.js';
import type {Event} from './event.js';

type Done = Extract<Event, {kind: 'done' | 'stray-done'}>;

const isDone = (event: Event): event is Done => event.kind === 'done' || event.kind === 'stray-done';

/** An event as the journal has it: `done` does not repeat what the `committing` before it said, and no bill says that nothing was spent. */
export function journalled(event: Event): object {
  if (!isDone(event)) return event;
  const {kind, step, attempt, seconds, bill} = event;
  return {kind, step, attempt, seconds, ...(isFree(bill) ? {} : {bill})};
}

/** Makes events of the lines of one journal, read from its first. */
export function eventsOf(): (line: Event) => Event {
  const committing = new Map<string, Pick<Done, 'key' | 'outputs'>>();
  return (line) => {
    if (line.kind === 'committing') committing.set(line.step, {key: line.key, outputs: line.outputs});
    if (!isDone(line)) return line;
    return {...committing.get(line.step), ...{bill: FREE}, ...line};
  };
}
