import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {quote, type Argv} from '../base/argv.js';
import {asText} from '../base/json.js';
import {variable} from '../config/check.js';
import {jobScript, type Environment} from '../executor/job-script.js';
import type {Step} from '../graph/step.js';
import {attemptPaths} from '../store/paths.js';
import type {ProjectFiles} from '../store/files.js';
import {writeJson} from '../store/write.js';
import type {Layout, Mount, Sandbox} from '../sandbox/sandbox.js';

/** An upstream step as a script finds it: the folder of a result, or why there is none. */
export type Input = {
  readonly stage: string;
  readonly gathers: boolean;
  readonly steps: readonly {
    readonly axes: {readonly [axis: string]: string};
    /** Name of the sub-folder where several are gathered. */
    readonly folder: string;
    /** Absolute folder of the result's outputs; null for a step that failed. */
    readonly out: string | null;
    readonly take: readonly string[];
    readonly because: string;
    readonly seconds: number | null;
    /** The sandbox that it ran in. */
    readonly sandbox: string | null;
  }[];
};

/** What the composing of a job takes from the machine. */
export type Machine = {
  readonly sandbox: Sandbox;
  /** `PATH` and `HOME` of whoever runs ptb, for trusted scripts. */
  readonly path: string;
  readonly home: string;
  /** Values of secrets by name. */
  readonly secret: (name: string) => string | undefined;
  /** Device files of the GPUs. */
  readonly devices: readonly string[];
  readonly version: string;
};

/**
 * Fills a fresh attempt's folder with all that the job needs, up to `job.sh`. `failures`: the attempts that went before it in
 * this run; what `retry.with` hands over depends on it.
 */
/** `failures`: how many attempts in this run came before. */
export function compose(
  step: Step,
  title: string,
  dir: string,
  failures: number,
  inputs: readonly Input[],
  files: ProjectFiles,
  machine: Machine,
): void {
  const {stage, spec} = step;
  const paths = attemptPaths(dir);
  files.snapshot(step, paths.files);
  linkInputs(inputs, paths.inputs);

  const outside: Layout = {...paths, stepFile: paths.step, out: paths.made, path: machine.path};
  const inside = machine.sandbox.inside(outside);
  writeJson(paths.step, stepFile(step, inputs, stage.run === undefined ? outside : inside, machine.version));

  const scripts = new Set(stage.files);
  const resolve = (argv: Argv, layout: Layout): Argv =>
    argv.map((word) => {
      const file = `${stage.dir}/${word.replace(/^\.\//, '')}`;
      return scripts.has(file) ? join(layout.files, file) : word;
    }) as unknown as Argv;

  const secrets = spec.secrets.filter((name) => machine.secret(name) !== undefined);
  if (secrets.length > 0) {
    const lines = secrets.map((name) => `${name}=${quote(machine.secret(name)!)}\n`);
    writeFileSync(join(dir, 'secrets'), lines.join(''), {mode: 0o600});
  }
  writeFileSync(
    paths.script,
    jobScript({
      title,
      dir,
      secrets,
      ...(stage.prepare
        ? {
            prepare: {
              command: resolve(stage.prepare, outside),
              workdir: paths.work,
              environment: environment(step, outside, machine.home, failures),
            },
          }
        : {}),
      ...(stage.run
        ? {
            run: {
              command: machine.sandbox.wrap(
                {
                  mounts: mounts(outside, inside, inputs),
                  workdir: inside.work,
                  network: stage.sandbox.network ? 'host' : 'none',
                  devices: stage.sandbox.gpu && spec.resources.gpus > 0 ? machine.devices : [],
                  ...(spec.image === undefined ? {} : {image: spec.image}),
                },
                resolve(stage.run, inside),
              ),
              workdir: paths.work,
              environment: environment(step, inside, inside.home, failures),
              ...(spec.resources.seconds === undefined ? {} : {seconds: spec.resources.seconds}),
              graceSeconds: spec.resources.graceSeconds,
              ends: machine.sandbox.ends,
              ...(machine.sandbox.carry ? {carry: machine.sandbox.carry} : {}),
            },
          }
        : {}),
    }),
    {mode: 0o755},
  );
}

function environment(step: Step, layout: Layout, home: string, failures: number): Environment {
  return [
    ['PATH', layout.path],
    ['HOME', home],
    ['PTB_STEP', layout.stepFile],
    ['PTB_FILES', layout.files],
    ['PTB_OUT', layout.out],
    ...step.needs.map(
      ({need}) => [`PTB_IN_${variable(need.stage).slice(4)}`, join(layout.inputs, need.stage)] as const,
    ),
    ...Object.entries(step.at).map(([axis, value]) => [variable(axis), value] as const),
    ...[...step.spec.fields].map(([path, value]) => [variable(path), asText(value)] as const),
    ...[...step.spec.retry.with].map(
      ([name, values]) => [variable(`retry-${name}`), values[failures] ?? values.at(-1)!] as const,
    ),
  ];
}

function linkInputs(inputs: readonly Input[], root: string): void {
  for (const {stage, gathers, steps} of inputs) {
    mkdirSync(join(root, stage), {recursive: true});
    for (const {folder, out, take} of steps) {
      if (out === null) continue;
      const at = gathers ? join(root, stage, folder) : join(root, stage);
      mkdirSync(at, {recursive: true});
      for (const output of take) symlinkSync(join(out, output), join(at, output));
    }
  }
}

/** Binds for a sandbox that has its own view of files; the same list serves every kind. */
function mounts(outside: Layout, inside: Layout, inputs: readonly Input[]): Mount[] {
  const bind = (part: keyof Layout, access: Mount['access']): Mount => ({
    from: outside[part],
    to: inside[part],
    access,
  });
  return [
    bind('tmp', 'write'),
    bind('home', 'write'),
    bind('work', 'write'),
    bind('out', 'write'),
    bind('files', 'read'),
    bind('stepFile', 'read'),
    ...inputs.flatMap(({stage, gathers, steps}) =>
      steps.flatMap(({folder, out, take}) =>
        out === null
          ? []
          : take.map((output): Mount => ({
              from: join(out, output),
              to: join(inside.inputs, stage, ...(gathers ? [folder] : []), output),
              access: 'read',
            })),
      ),
    ),
  ];
}

/** `$PTB_STEP`: all that the variables say, and where a gathering step finds each upstream step. */
function stepFile(step: Step, inputs: readonly Input[], layout: Layout, version: string): unknown {
  return {
    version: 1,
    ptb: version,
    id: step.id,
    stage: step.stage.name,
    axes: step.at,
    fields: Object.fromEntries(step.spec.fields),
    needs: Object.fromEntries(
      inputs.map(({stage, gathers, steps}) => [
        stage,
        steps.map(({axes, folder, out, because, seconds, sandbox}) => ({
          axes,
          path: out === null ? null : join(layout.inputs, stage, ...(gathers ? [folder] : [])),
          because,
          seconds,
          sandbox,
        })),
      ]),
    ),
  };
}
