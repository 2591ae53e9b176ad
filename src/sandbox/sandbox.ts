import type {Argv} from '../base/argv.js';

export type Mount = {readonly from: string; readonly to: string; readonly access: 'read' | 'write'};

/** What a job's process may see, and nothing else. */
export type SandboxSpec = {
  readonly mounts: readonly Mount[];
  readonly workdir: string;
  readonly network: 'none' | 'host';
  /** Device files of the GPUs, where the step holds some. */
  readonly devices: readonly string[];
  readonly image?: string;
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

/** A kind of sandbox: pure functions, so that what it does can be printed and tested without root. */
export type Sandbox = {
  readonly kind: 'apptainer' | 'bwrap' | 'none';
  /** Where the run script sees what lies at `outside`. */
  inside(outside: Layout): Layout;
  wrap(spec: SandboxSpec, command: Argv): Argv;
  /** Ends all processes of a job when its first one ends. */
  readonly reaps: boolean;
};
