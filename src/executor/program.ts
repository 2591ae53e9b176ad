import type {execa} from 'execa';

/** execa, loaded by the first who starts a program: a call with nothing to run starts none, and loading it takes as long as node does. */
export const programs = async (): Promise<typeof execa> => (await import('execa')).execa;
