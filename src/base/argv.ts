/** A program and its arguments. Never a shell line. */
export type Argv = readonly [string, ...string[]];

/** One word of a POSIX shell line that stands for exactly `text`. The only place that quotes. */
export const quote = (text: string): string =>
  /^[A-Za-z0-9_/.:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
