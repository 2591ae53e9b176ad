import {setTimeout as sleep} from 'node:timers/promises';

const GATHER_MS = 20;

/** One call for all that ask within a moment: `ptb pipeline stop` ends hundreds of jobs at once. */
export class Gathered<T> {
  #next: {readonly items: T[]; readonly done: Promise<unknown>} | undefined;

  constructor(private readonly act: (items: readonly T[]) => Promise<unknown>) {}

  async add(item: T): Promise<void> {
    if (!this.#next) {
      const items: T[] = [];
      const done = sleep(GATHER_MS).then(() => {
        this.#next = undefined;
        return this.act(items);
      });
      this.#next = {items, done};
    }
    this.#next.items.push(item);
    await this.#next.done;
  }
}
