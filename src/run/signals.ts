/** `hold`: start nothing new. `detach`: leave too, the jobs go on. `stop`: end the jobs. */
export type Wanted = 'go-on' | 'hold' | 'detach' | 'stop';

/** What reaches the loop from outside. */
export type Signals = {
  readonly wanted: () => Wanted;
  /** Resolves when a job or one of `others` has ended, or the user has asked for something, at the latest after `ms`. */
  readonly wait: (ms: number, others: Iterable<Promise<void>>) => Promise<void>;
};
