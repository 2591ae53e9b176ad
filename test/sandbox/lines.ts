/** Needs all of Python inside. */
export const ANSWERS = 'an answer to a programming problem cannot pass by an attack on its tests';

/** What a sandbox promises a job, and whoever started it. */
export const LINES = [
  'the work folder is writable, and what is written there is seen outside',
  'out is writable',
  'home and /tmp are of its own, and writable',
  'files, inputs and the step file are read-only',
  'the system is read-only',
  'the home of the host, the project and other jobs are not visible',
  'a link does not lead out of it',
  'processes of the host are neither visible nor to be signalled',
  'no network is reached when none was asked for',
  'the network is reached when it was asked for',
  'only the allowed variables are set',
  'a secret arrives, and stands in no argument list',
  'an argument arrives as it was given',
  'exit codes pass through',
  'deaths by signal pass through',
  'TERM reaches every process, each of which may save what it has',
  'KILL ends what ignores TERM',
  'all ends when the script and its whole session are killed',
  'all processes end with the job',
  'a daemon that hides ends with the job',
  'more memory than it asked for ends the job, and only it',
  'its script, its exit record, verdicts and what it shares cannot be written, by no way that /proc shows',
  'processes outside cannot be traced, read or signalled, nor their keys seen',
  'no device file can be made',
  'it does not outlive its time, whatever it ignores and hides',
  'a fork bomb is held, or ended',
  'a flood of log ends it',
  ANSWERS,
  'who fills the disk is ended',
] as const;

/** Those that take seconds each: `npm run test:escape` alone tries them. */
export const isLong = (line: Line): boolean => line === ANSWERS || line === 'who fills the disk is ended';

export type Line = (typeof LINES)[number];
