import {dirname, join, relative} from 'node:path';
import type {Step} from '../graph/step.js';
import type {StepKey} from '../plan/key.js';

/** Where things lie below `runs/`. */
export type Runs = {
  readonly root: string;
  readonly results: string;
  readonly attempts: string;
  readonly journal: string;
  /** What stages share by name: downloads, never answers. */
  readonly cache: string;
  readonly ledger: string;
  readonly controller: string;
  /** Folder of a controller that is a job itself. */
  readonly controllerJob: string;
  readonly pauses: string;
  /** What sandboxes need on disk: images, an empty root. Made again when it is gone. */
  readonly sandbox: string;
};

export const runsAt = (root: string): Runs => ({
  root,
  results: join(root, 'results'),
  attempts: join(root, 'attempts'),
  journal: join(root, 'journal'),
  cache: join(root, 'cache'),
  ledger: join(root, 'ledger.json'),
  controller: join(root, 'controller.json'),
  controllerJob: join(root, 'controller'),
  pauses: join(root, 'pauses.json'),
  sandbox: join(root, 'sandbox'),
});

/** `<readable cell>-<key12>`: the words are for people, the key makes it one. */
export const folderName = (step: Step, key: StepKey): string =>
  `${Object.values(step.at).join('-').slice(0, 120) || 'all'}-${key.slice(0, 12)}`;

/** `<stage>/<folder>`, the same below results/ and attempts/. */
export const folderOf = (step: Step, key: StepKey): string => join(step.stage.name, folderName(step, key));

/** Where an attempt becomes a result: its folder's name is below results/ what it is below attempts/. */
export const resultDir = (runs: Runs, attemptDir: string): string =>
  join(runs.results, relative(runs.attempts, dirname(attemptDir)));

/** The parts of an attempt's folder, which is absolute. */
export const attemptPaths = (dir: string) => ({
  dir,
  script: `${dir}/job.sh`,
  job: `${dir}/job.json`,
  step: `${dir}/step.json`,
  secrets: `${dir}/secrets`,
  /** What a job with secrets searches for, and the program that does. */
  forms: `${dir}/forms`,
  redactor: `${dir}/redact.pl`,
  files: `${dir}/files`,
  inputs: `${dir}/in`,
  work: `${dir}/work`,
  /** `$PTB_OUT`. */
  made: `${dir}/made`,
  /** The declared outputs, taken from `work` and `made`. */
  out: `${dir}/out`,
  home: `${dir}/home`,
  tmp: `${dir}/tmp`,
  claimed: `${dir}/claimed`,
  exit: `${dir}/exit.json`,
  failed: `${dir}/failed.json`,
  result: `${dir}/result.json`,
  bill: `${dir}/bill.json`,
  /** Digests of the single files of the outputs that are folders, so that damage can be named. */
  manifest: `${dir}/manifest.json`,
  /** What the job's GPUs did meanwhile, where it had some. */
  telemetry: `${dir}/telemetry.jsonl`,
  stdout: `${dir}/stdout.log`,
  stderr: `${dir}/stderr.log`,
});

export type AttemptPaths = ReturnType<typeof attemptPaths>;
