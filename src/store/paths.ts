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

/** The parts of an attempt's folder. */
export const attemptPaths = (dir: string) => ({
  dir,
  script: join(dir, 'job.sh'),
  job: join(dir, 'job.json'),
  step: join(dir, 'step.json'),
  secrets: join(dir, 'secrets'),
  /** What a job with secrets searches for, and the program that does. */
  forms: join(dir, 'forms'),
  redactor: join(dir, 'redact.pl'),
  files: join(dir, 'files'),
  inputs: join(dir, 'in'),
  work: join(dir, 'work'),
  /** `$PTB_OUT`. */
  made: join(dir, 'made'),
  /** The declared outputs, taken from `work` and `made`. */
  out: join(dir, 'out'),
  home: join(dir, 'home'),
  tmp: join(dir, 'tmp'),
  claimed: join(dir, 'claimed'),
  exit: join(dir, 'exit.json'),
  failed: join(dir, 'failed.json'),
  result: join(dir, 'result.json'),
  bill: join(dir, 'bill.json'),
  /** Digests of the single files of the outputs that are folders, so that damage can be named. */
  manifest: join(dir, 'manifest.json'),
  /** What the job's GPUs did meanwhile, where it had some. */
  telemetry: join(dir, 'telemetry.jsonl'),
  stdout: join(dir, 'stdout.log'),
  stderr: join(dir, 'stderr.log'),
});

export type AttemptPaths = ReturnType<typeof attemptPaths>;
