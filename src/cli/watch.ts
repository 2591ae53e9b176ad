import {setTimeout as sleep} from 'node:timers/promises';
import type {Emit, Event} from '../run/event.js';
import {eventOf} from '../run/journal-lines.js';
import {controllerOf, type Controller} from '../run/lock.js';
import {followJournal} from '../store/journal.js';

const LOOK_MS = 250;

/**
 * Reports what another controller does, from its journal, until it has ended: its last event, or undefined when it died
 * without one.
 */
export async function watchOther(
  {pid, journal}: Controller,
  lockFile: string,
  emit: Emit,
): Promise<Extract<Event, {kind: 'end'}> | undefined> {
  const follow = followJournal<Event>(journal);
  for (;;) {
    // Looked at before the journal is read, so that what it wrote last is seen.
    const alive = controllerOf(lockFile)?.pid === pid;
    for (const event of follow().map(eventOf)) {
      if (event.kind === 'end') return event;
      if (event.kind !== 'begin') emit(event);
    }
    if (!alive) return undefined;
    await sleep(LOOK_MS);
  }
}
