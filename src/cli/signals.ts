import type {Signals, Wanted} from '../run/engine.js';

/** Two presses of Ctrl-C within this time stop the jobs; one alone leaves them. */
const SECOND_PRESS_MS = 3000;

/** The user's wishes as signals carry them, and a bell that a job's end rings. */
export function listen(): Signals & {readonly ring: () => void} {
  let wanted: Wanted = 'go-on';
  let ring = (): void => undefined;
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
    ring: () => ring(),
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        ring = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
