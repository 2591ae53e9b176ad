import type {Signals, Wanted} from '../run/signals.js';

/** Two presses of Ctrl-C within this time stop the jobs; one alone leaves them. */
const SECOND_PRESS_MS = 3000;

/** The user's wishes as signals carry them, and a bell that a job's end rings. */
export function listen(): Signals & {readonly ring: () => void} {
  let wanted: Wanted = 'go-on';
  let rung = false;
  let wake = (): void => undefined;
  /** Is heard by the next wait where none is under way. */
  const ring = (): void => {
    rung = true;
    wake();
  };
  const want = (next: Wanted): void => {
    wanted = next;
    ring();
  };
  process.on('SIGINT', () => {
    if (wanted !== 'go-on') return want('stop');
    want('hold');
    setTimeout(() => {
      if (wanted === 'hold') want('detach');
    }, SECOND_PRESS_MS).unref();
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => want('detach'));
  return {
    wanted: () => wanted,
    ring,
    wait: (ms, others) =>
      new Promise((resolve) => {
        // The timer must not outlive the wait: it would keep the process for its whole length.
        const timer = setTimeout(() => wake(), ms);
        const end = (): void => {
          clearTimeout(timer);
          rung = false;
          resolve();
        };
        wake = end;
        for (const other of others) void other.then(end);
        if (rung) end();
      }),
  };
}
