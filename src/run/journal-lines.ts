import {FREE, isFree} from '../plan/bill.js';
import type {Reason} from '../plan/reason.js';
import type {Event} from './event.js';

const NEVER_RAN: Reason = {kind: 'never-ran'};

/** An event as the journal has it: without what most have alike. No bill says that nothing was spent. */
export function journalled(event: Event): object {
  switch (event.kind) {
    case 'done':
    case 'stray-done':
    case 'committing': {
      const {bill, ...rest} = event;
      return isFree(bill) ? rest : event;
    }
    case 'submitted': {
      const {because, limit, ...rest} = event;
      return {...rest, ...(because.kind === NEVER_RAN.kind ? {} : {because}), ...(limit === null ? {} : {limit})};
    }
    default:
      return event;
  }
}

/** The event of a line. */
export function eventOf(line: Event): Event {
  switch (line.kind) {
    case 'done':
    case 'stray-done':
    case 'committing':
      return {...{bill: FREE}, ...line};
    case 'submitted':
      return {...{because: NEVER_RAN, limit: null}, ...line};
    default:
      return line;
  }
}
