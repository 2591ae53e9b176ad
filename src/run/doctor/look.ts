import {existsSync, realpathSync, statfsSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Image} from '../../config/image.js';
import type {Pipeline} from '../../config/pipeline.js';
import type {Capacity} from '../../executor/executor.js';
import type {Step} from '../../graph/step.js';
import type {Sandbox} from '../../sandbox/sandbox.js';
import type {Runs} from '../../store/paths.js';
import {isHere} from '../find-executor.js';
import {findSandbox, type Host, type NotReady} from '../find-sandbox.js';
import {capacityOf, findGpus} from '../machine.js';
import {clientFindings} from './cluster.js';
import type {Finding} from './finding.js';
import {gpuFindings, type GpuFacts} from './gpus.js';
import {loginFindings, redactionFindings} from './logins.js';
import {diskFindings, slotFindings, type Disk} from './machine.js';
import {sandboxFindings} from './sandboxes.js';
import {wantedOf, type Wanted} from './wanted.js';

export type Looking = {
  readonly pipeline: Pipeline;
  /** All of the pipeline's, and those of them that are to run. */
  readonly all: readonly Step[];
  readonly steps: readonly Step[];
  readonly runs: Runs;
  readonly host: Host;
  readonly variable: (name: string) => string | undefined;
};

/** The part of the machine that a run needs at hand, and what was found. */
export type Looked = {
  readonly findings: readonly Finding[];
  /** Absent where it does not work. */
  readonly sandbox?: Sandbox;
  readonly gpus: GpuFacts['gpus'];
  readonly capacity: Capacity;
};

/**
 * Whether the machine has what the steps need, as far as that costs next to nothing: one process in the sandbox, and no
 * network but for images that are not here yet.
 */
export async function look(looking: Looking): Promise<Looked> {
  const {pipeline, all, steps, host} = looking;
  const wanted = wantedOf(all, steps);
  const gpus = isHere(pipeline.executor) && wanted.gpus.count > 0 ? await findGpus() : [];
  const sandbox = await findSandbox(pipeline.sandbox, host, wanted.images);
  return findingsOf(looking, wanted, sandbox, wanted.images, gpus.length > 0 ? {gpus, processes: []} : undefined);
}

/** The findings from what was seen. `images` are those that are here; `facts` is undefined without a working nvidia-smi. */
export function findingsOf(
  {pipeline, steps, runs, host, variable}: Looking,
  wanted: Wanted,
  sandbox: Sandbox | NotReady | undefined,
  images: readonly Image[],
  facts: GpuFacts | undefined,
): Looked {
  const {executor} = pipeline;
  const here = isHere(executor);
  const gpus = facts?.gpus ?? [];
  const capacity = capacityOf(executor, gpus);
  return {
    findings: [
      ...clientFindings(executor, (command) => onPath(command, host)),
      ...sandboxFindings(sandbox, pipeline.sandbox.use, wanted.images, images),
      ...(here ? [...gpuFindings(wanted.gpus, facts), ...slotFindings(lessGpus(wanted, gpus.length), capacity)] : []),
      ...diskFindings(wanted, disksOf(runs), here ? capacity : undefined),
      ...loginFindings(wanted.logins, (secret) => Boolean(variable(secret))),
      ...redactionFindings(lengthsOf(steps, variable), onPath('perl', host), here),
    ],
    ...(sandbox === undefined || sandbox.kind === 'not-ready' ? {} : {sandbox}),
    gpus,
    capacity,
  };
}

/** GPUs that the machine lacks are said once, and not for each stage. */
const lessGpus = (wanted: Wanted, there: number): Wanted =>
  there >= wanted.gpus.count
    ? wanted
    : {...wanted, stages: wanted.stages.map((stage) => ({...stage, resources: {...stage.resources, gpus: 0}}))};

/** Of the secrets that are set and that the steps are handed. */
const lengthsOf = (steps: readonly Step[], variable: Looking['variable']): Map<string, number> =>
  new Map(
    steps
      .flatMap(({spec}) => spec.secrets)
      .flatMap((name) => {
        const value = variable(name);
        return value === undefined ? [] : [[name, value.length] as const];
      }),
  );

export const onPath = (command: string, {path}: Host): boolean =>
  path.split(':').some((folder) => existsSync(join(folder, command)));

/** The disk of `runs/`, and where it is another, that of the cache for downloads. */
function disksOf({root, cache}: Runs): Disk[] {
  const [of, ofCache] = [nearest(root), nearest(cache)];
  const free = (path: string): number => {
    const {bavail, bsize} = statfsSync(path);
    return bavail * bsize;
  };
  const own: Disk = {path: root, freeBytes: free(of), of: () => true};
  if (statSync(of).dev === statSync(ofCache).dev) return [own];
  return [own, {path: cache, freeBytes: free(ofCache), of: ({caches}) => caches}];
}

/** The folder itself, or the nearest one above it that is there. */
export function nearest(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) if (existsSync(folder)) return realpathSync(folder);
}
