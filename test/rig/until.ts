import {setTimeout as sleep} from 'node:timers/promises';

/** Looks until something holds; for what tells nobody when it happens. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await sleep(10);
  }
}
