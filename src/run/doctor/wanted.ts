import {groupBy} from '../../base/group.js';
import type {Image} from '../../config/image.js';
import type {Resources} from '../../graph/spec.js';
import type {Step} from '../../graph/step.js';

/** What steps that are to run need of the machine. */
export type Wanted = {
  /** By stage, as much as the largest of its steps asks for. */
  readonly stages: readonly {
    readonly name: string;
    readonly steps: number;
    readonly resources: Resources;
    /** It keeps downloads in `runs/cache`. */
    readonly caches: boolean;
  }[];
  readonly gpus: {readonly count: number; readonly names: readonly string[]};
  readonly images: readonly Image[];
  readonly logins: readonly WantedLogin[];
};

export type WantedLogin = {
  /** Secrets of which one must be set. */
  readonly oneOf: readonly string[];
  /** What it opens. */
  readonly for: readonly string[];
  /** The stages, each with the axis values by which its steps differ from those that need no such login. */
  readonly by: readonly {readonly stage: string; readonly only: readonly string[]}[];
  /** Flags that leave out all steps that need it, where not all do. */
  readonly without: readonly string[];
  /** Whatever needs these stages goes on without them. */
  readonly optional: boolean;
};

/** `all` steps of the pipeline, and those of them that are to run. */
export function wantedOf(all: readonly Step[], steps: readonly Step[]): Wanted {
  const largest = (resources: readonly Resources[], pick: (one: Resources) => number | undefined): number =>
    Math.max(...resources.map((one) => pick(one) ?? 0));
  const stages = [...groupBy(steps, ({stage}) => stage)].map(([stage, some]) => {
    const resources = some.map(({spec}) => spec.resources);
    return {
      name: stage.name,
      steps: some.length,
      caches: stage.cache !== undefined,
      resources: {
        ...resources[0]!,
        gpus: largest(resources, ({gpus}) => gpus),
        cpus: largest(resources, ({cpus}) => cpus),
        memoryMb: largest(resources, ({memoryMb}) => memoryMb),
        diskMb: largest(resources, ({diskMb}) => diskMb),
      },
    };
  });
  const onGpus = steps.filter(({stage, spec}) => stage.sandbox.gpu && spec.resources.gpus > 0);
  return {
    stages,
    gpus: {
      count: Math.max(0, ...steps.map(({spec}) => spec.resources.gpus)),
      names: [...new Set(onGpus.flatMap(({spec: {resources}}) => resources.gpuName ?? []))],
    },
    images: [...new Map(steps.flatMap(({stage, spec}) => (stage.run ? [[key(spec.image), spec.image]] : []))).values()],
    logins: loginsOf(all, steps),
  };
}

const key = (image: Image): string => JSON.stringify(image);

function loginsOf(all: readonly Step[], steps: readonly Step[]): WantedLogin[] {
  const asked = steps.flatMap((step) => step.spec.logins.map((login) => ({step, ...login})));
  return [...groupBy(asked, ({oneOf}) => oneOf.join(' ')).values()].map((some) => {
    const stages = [...groupBy(some, ({step}) => step.stage)].map(([stage, of]) => ({
      stage: stage.name,
      axes: stage.for.flatMap((axis) => {
        const values = new Set(of.map(({step}) => step.at[axis]!));
        const every = new Set(all.filter((step) => step.stage === stage).map(({at}) => at[axis]!));
        const others = [...every].filter((value) => !values.has(value));
        return others.length > 0 ? [{axis, values: [...values], others}] : [];
      }),
    }));
    return {
      oneOf: some[0]!.oneOf,
      for: [...new Set(some.flatMap((one) => one.for))].sort(),
      by: stages.map(({stage, axes}) => ({stage, only: axes.map(({axis, values}) => `${axis}=${values.join(',')}`)})),
      without: stages.every(({axes}) => axes.length > 0)
        ? [...new Set(stages.map(({axes: [first]}) => `--only ${first!.axis}=${first!.others.join(',')}`))]
        : [],
      optional: some.every(({step}) => isOptional(step.stage.name, all)),
    };
  });
}

function isOptional(stage: string, all: readonly Step[]): boolean {
  const needs = all.flatMap((step) => step.needs.filter(({need}) => need.stage === stage));
  return needs.length > 0 && needs.every(({need}) => need.optional);
}
