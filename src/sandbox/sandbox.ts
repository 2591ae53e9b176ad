import type {Argv} from '../base/argv.js';
import type {Image} from '../config/image.js';
import type {SandboxKind} from '../config/pipeline.js';

export type Mount = {readonly from: string; readonly to: string; readonly access: 'read' | 'write'};

/** What a job's process may see, and nothing else. */
export type SandboxSpec = {
  /** The job's: unique on the machine. */
  readonly name: string;
  readonly image: Exclude<Image, {kind: 'output'}>;
  readonly mounts: readonly Mount[];
  readonly workdir: string;
  readonly network: 'none' | 'host';
  /** Whether it reaches the GPUs of the machine that it comes to run on. */
  readonly gpus: 'none' | 'machine';
  /** Names of the variables that get inside; the sandbox has `PATH` and `HOME` of its own. */
  readonly environment: readonly string[];
  readonly memoryMb: number;
  /** How many it may have at once, threads included, where the kernel counts those of one sandbox. */
  readonly processes: number;
};

/** Where a job finds its parts. The same names outside and inside; a sandbox maps one to the other. */
export type Layout = {
  readonly work: string;
  readonly files: string;
  readonly inputs: string;
  readonly out: string;
  readonly stepFile: string;
  readonly home: string;
  readonly tmp: string;
  /** `PATH` of the run script. */
  readonly path: string;
};

/** A folder at the root of this machine, as a job shall see it: bound read-only, or the same link again. */
export type RootEntry =
  | {readonly kind: 'folder'; readonly path: string}
  | {readonly kind: 'link'; readonly path: string; readonly target: string};

/** How variables get past a sandbox program that hands on none, or needs other values for itself. */
export type Carry = {
  /** What a variable's name must begin with outside to arrive inside. */
  readonly prefix: string;
  /** What the sandbox program itself runs with. */
  readonly own: readonly (readonly [name: string, value: string])[];
};

/** A kind of sandbox: pure functions, so that what it does can be printed and tested without root. */
export type Sandbox = {
  readonly kind: SandboxKind;
  /** Where the run script sees what lies at `outside`. */
  inside(outside: Layout): Layout;
  wrap(spec: SandboxSpec, command: Argv): Argv;
  readonly ends: Ends;
  /** Absent where variables arrive as they are. */
  readonly carry?: Carry;
  /** A job that takes more memory than it asked for is ended, and the machine not taken down. */
  readonly limitsMemory: boolean;
  /** Where a job runs beside its sandbox program, and not below it. */
  readonly beside?: {
    /** Sends TERM to the job's first process. */
    term(name: string): Argv;
    /** Ends what is left of a job whose sandbox program was killed. */
    remove(name: string): Argv;
  };
};

/**
 * How the processes of a job come to their end. `open`: each by its own pid, found by descent and environment. `reaps`: all
 * end with the first one; TERM goes to each by its pid, since for the sandbox program itself it means KILL for all inside.
 * `forwards`: all end with the first one, and TERM for the sandbox program reaches each of them.
 */
export type Ends = 'open' | 'reaps' | 'forwards';

/** Where a job finds its parts inside. Fixed, so that no path of the machine reaches an output. */
export const INSIDE: Layout = {
  work: '/work',
  files: '/ptb/files',
  inputs: '/ptb/in',
  out: '/ptb/out',
  stepFile: '/ptb/step.json',
  home: '/home/ptb',
  tmp: '/tmp',
  path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** A field of `--mount`, which apptainer, podman and docker read as a line of CSV. */
export const csv = (field: string): string => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
