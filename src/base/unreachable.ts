/** Compiles only where every case is handled. */
export const unreachable = (value: never): never => {
  throw new Error(`internal: unhandled case ${JSON.stringify(value)}`);
};
