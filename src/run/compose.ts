import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {quote, type Argv} from '../base/argv.js';
import {asText} from '../base/json.js';
import {variable} from '../config/check.js';
import {HOST, type Image} from '../config/image.js';
import {guardCommand} from '../executor/gpu-guard.js';
import {carried, jobScript, type Environment} from '../executor/job-script.js';
import {formLines, passwordsIn} from '../executor/secret-forms.js';
import type {Step} from '../graph/step.js';
import {attemptPaths} from '../store/paths.js';
import type {ProjectFiles} from '../store/files.js';
import {jsonText} from '../store/write.js';
import type {Layout, Mount, Sandbox, SandboxSpec} from '../sandbox/sandbox.js';

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
  /** `runs/cache`, absolute. */
  readonly cache: string;
  /** The Python program that writes to the GPUs' memory; its argument is how many there must be. */
  readonly gpuWrite: string;
  /** The Perl program that keeps secrets out of logs. */
  readonly redactor: string;
  readonly version: string;
};

/**
 * Fills a fresh attempt's folder with all that the job needs, up to `job.sh`. `failures`: the attempts that went before it in
 * this run; what `retry.with` hands over depends on it.
 */
export function compose(
  step: Step,
  {name, title}: {readonly name: string; readonly title: string},
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
  const shared = sharedFolders(step, machine.cache);
  linkShared(shared, paths.inputs);

  const outside: Layout = {...paths, stepFile: paths.step, out: paths.made, path: machine.path};
  const inside = machine.sandbox.inside(outside);
  writeFileSync(
    paths.step,
    jsonText(stepFile(step, inputs, stage.run === undefined ? outside : inside, machine.version)),
  );

  const scripts = new Set(stage.files);
  const resolve = (argv: Argv, layout: Layout): Argv =>
    argv.map((word) => {
      const file = `${stage.dir}/${word.replace(/^\.\//, '')}`;
      return scripts.has(file) ? join(layout.files, file) : word;
    }) as unknown as Argv;

  const secrets = [...new Set([...spec.secrets, ...stage.sandbox.pass])].filter(
    (name) => machine.secret(name) !== undefined,
  );
  if (secrets.length > 0) {
    const lines = secrets.map((name) => `${name}=${quote(machine.secret(name)!)}\n`);
    writeFileSync(paths.secrets, lines.join(''), {mode: 0o600});
  }
  const forms = formLines(searched(step, secrets, machine));
  if (forms !== '') {
    writeFileSync(paths.forms, forms, {mode: 0o600});
    writeFileSync(paths.redactor, machine.redactor);
  }
  const {beside} = machine.sandbox;
  const usesGpus = stage.sandbox.gpu && spec.resources.gpus > 0;
  const variables = environment(step, inside, inside.home, failures);
  const sandboxed: SandboxSpec = {
    name,
    image: imageOf(spec.image, inputs),
    mounts: [
      ...mounts(outside, inside, inputs, files.of(step).length > 0),
      ...shared.map(({name: at, from, access}): Mount => ({from, to: join(inside.inputs, at), access})),
    ],
    workdir: inside.work,
    network: stage.sandbox.network ? 'host' : 'none',
    gpus: usesGpus ? 'machine' : 'none',
    environment: carried(variables, secrets),
    memoryMb: spec.resources.memoryMb,
    processes: spec.bounds.processes,
  };
  const parts = [paths.work, paths.made, paths.home, paths.tmp].map((part) => basename(part)) as [string, string];
  const {gpus, gpuName} = spec.resources;
  // An image has a PATH of its own; without one, the machine's is not that of the sandbox.
  const python = machine.sandbox.carry ? ['python3'] : ['env', `PATH=${inside.path}`, 'python3'];
  const guard = {
    command: guardCommand({
      count: gpus,
      ...(gpuName === undefined ? {} : {name: gpuName}),
      failure: join(paths.work, 'failure.json'),
      list: join(dir, 'claimed', 'gpus'),
      write: machine.sandbox.wrap(sandboxed, [...python, '-c', machine.gpuWrite, String(gpus)] as unknown as Argv),
    }),
    workdir: paths.work,
    environment: [
      ['PATH', machine.path],
      ['HOME', machine.home],
    ],
  } as const;
  writeFileSync(
    paths.script,
    jobScript({
      title,
      dir,
      secrets,
      ...(forms === '' ? {} : {redaction: {program: paths.redactor, forms: basename(paths.forms), folders: parts}}),
      scratch: {name, parts, keep: kept(stage)},
      bounds: {
        processes: spec.bounds.processes,
        logMb: Math.ceil(spec.bounds.logMb),
        disk: {parts, attempts: dirname(dirname(dirname(dir))), leastMb: LEAST_TO_END_MB},
      },
      ...(stage.prepare
        ? {
            prepare: {
              command: resolve(stage.prepare, outside),
              workdir: paths.work,
              environment: environment(step, outside, machine.home, failures),
            },
          }
        : {}),
      ...(stage.run && usesGpus ? {guard} : {}),
      ...(stage.run
        ? {
            run: {
              command: machine.sandbox.wrap(sandboxed, resolve(stage.run, inside)),
              workdir: paths.work,
              environment: variables,
              ...(spec.resources.seconds === undefined ? {} : {seconds: spec.resources.seconds}),
              graceSeconds: spec.resources.graceSeconds,
              ends: machine.sandbox.ends,
              ...(machine.sandbox.carry ? {carry: machine.sandbox.carry} : {}),
              ...(beside ? {beside: {term: beside.term(name), remove: beside.remove(name)}} : {}),
            },
          }
        : {}),
    }),
    {mode: 0o755},
  );
}

/** A full disk has less than 1 GB: who holds less than that cannot give it back. */
const LEAST_TO_END_MB = 1000;

/** What must not stand in a log: the secrets, and of the variables that say how to reach the network the passwords. */
const searched = ({spec}: Step, handed: readonly string[], {secret}: Machine): [name: string, value: string][] =>
  handed.flatMap((name) =>
    (spec.secrets.includes(name) ? [secret(name)!] : passwordsIn(secret(name)!)).map((value): [string, string] => [
      name,
      value,
    ]),
  );

/** What is looked at when the job has ended; folders before what lies in them. */
const kept = ({outputs, bill}: Step['stage']): string[] =>
  [...outputs.map(({path}) => path), 'failure.json', ...(bill ? [bill.path] : [])].sort(
    (a, b) => a.split('/').length - b.split('/').length,
  );

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
    ...(step.stage.pins.length > 0 ? [['PTB_PINS', JSON.stringify(Object.fromEntries(step.spec.pins))] as const] : []),
    ...(step.stage.cache === undefined ? [] : [['PTB_CACHE', join(layout.inputs, CACHE)] as const]),
    ...[...step.spec.expose.keys()].map(
      (name) => [variable(`expose-${name}`), join(layout.inputs, exposedAs(name))] as const,
    ),
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

/** An image that an upstream step made lies among its outputs; steps that do not need that step run in the machine's own system. */
function imageOf(image: Image, inputs: readonly Input[]): SandboxSpec['image'] {
  if (image.kind !== 'output') return image;
  const [made] = inputs.find(({stage}) => stage === image.stage)?.steps ?? [];
  return made?.out ? {kind: 'file', path: join(made.out, image.output)} : HOST;
}

/** Names below the inputs' folder that no stage can have. */
const CACHE = '.cache';
const exposedAs = (name: string): string => join('.expose', name);

/** A folder that outlives the attempt, and where it shows among the inputs. */
type Shared = {readonly name: string; readonly from: string; readonly access: Mount['access']};

const sharedFolders = ({stage, spec}: Step, caches: string): Shared[] => [
  ...(stage.cache === undefined
    ? []
    : [{name: CACHE, from: join(caches, stage.cache), access: 'write'} satisfies Shared]),
  ...[...spec.expose].map(([name, from]): Shared => ({name: exposedAs(name), from, access: 'read'})),
];

function linkShared(shared: readonly Shared[], root: string): void {
  for (const {name, from, access} of shared) {
    if (access === 'write') mkdirSync(from, {recursive: true});
    mkdirSync(dirname(join(root, name)), {recursive: true});
    symlinkSync(from, join(root, name));
  }
}

/** Binds for a sandbox that has its own view of files; the same list serves every kind. */
function mounts(outside: Layout, inside: Layout, inputs: readonly Input[], hasFiles: boolean): Mount[] {
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
    ...(hasFiles ? [bind('files', 'read')] : []),
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
