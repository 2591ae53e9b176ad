/** What was found of one thing that the steps need of this machine. `fail`: some step cannot run. */
export type Finding = {
  /** The thing, in a word or two. */
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** Where it is not ok. */
  readonly remedy?: string;
};

export const ok = (check: string, text: string): Finding => ({check, state: 'ok', text});
export const warn = (check: string, text: string, remedy: string): Finding => ({check, state: 'warn', text, remedy});
export const fail = (check: string, text: string, remedy: string): Finding => ({check, state: 'fail', text, remedy});

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
