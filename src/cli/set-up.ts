import {readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Capacity} from '../executor/executor.js';
import {lacking} from '../executor/local.js';
import type {Step} from '../graph/step.js';
import type {EngineRequest} from '../run/engine.js';
import {findExecutor, isHere} from '../run/find-executor.js';
import {findSandbox} from '../run/find-sandbox.js';
import {capacityOf, findGpus} from '../run/machine.js';
import {planProject} from './plan.js';
import type {Project} from './project.js';
import {listen} from './signals.js';
import type {Terminal} from './terminal.js';

/** Everything that the engine needs of this machine; undefined, and said why, when something is missing. */
export async function setUp(
  project: Project,
  terminal: Terminal,
): Promise<Omit<EngineRequest, 'emit' | 'leave' | 'onFailure' | 'caps' | 'hold'> | undefined> {
  const {pipeline, graph, runs, files, rerun} = project;
  const {env} = terminal;
  // Scripts outside the sandbox may call ptb and node themselves.
  const own = [fileURLToPath(new URL('../bin', import.meta.url)), dirname(process.execPath)];
  const path = [...own, env.PATH ?? '/usr/bin:/bin'].join(':');
  const tools = fileURLToPath(new URL('../tools/bin', import.meta.url));
  const home = env.HOME ?? '/';
  const host = {
    path,
    home,
    ...(env.XDG_RUNTIME_DIR === undefined ? {} : {runtime: env.XDG_RUNTIME_DIR}),
    tools,
    scratch: runs.sandbox,
    ...(process.getuid && process.getgid ? {user: {uid: process.getuid(), gid: process.getgid()}} : {}),
  };
  const images = [...graph.steps.values()].flatMap(({stage, spec}) => (stage.run ? [spec.image] : []));
  const sandbox = await findSandbox(pipeline.sandbox, host, images);
  if (sandbox.kind === 'not-ready') {
    terminal.err(`${sandbox.message}\n  ${terminal.paintErr('blue', 'remedy')}: ${sandbox.remedy}\n`);
    return undefined;
  }
  const {verdicts, ledger, history, estimates} = planProject(project);
  const wanted = [...graph.steps.values()].filter(({id}) => verdicts.get(id)!.kind !== 'cached');
  const here = isHere(pipeline.executor);
  const gpus = here && wanted.some(({spec}) => spec.resources.gpus > 0) ? await findGpus() : [];
  const capacity = capacityOf(pipeline.executor, gpus);
  const tooLarge = here ? stagesTooLarge(wanted, capacity) : [];
  if (tooLarge.length > 0) {
    for (const line of tooLarge) terminal.err(`${line}\n`);
    terminal.err(`  ${terminal.paintErr('blue', 'remedy')}: ${TOO_LARGE_REMEDY}\n`);
    return undefined;
  }
  const signals = listen();
  return {
    pipeline: pipeline.name,
    graph,
    files,
    runs,
    rerun,
    ledger,
    history,
    signals,
    estimates,
    limits: pipeline.limits,
    gpuHourUsd: pipeline.gpuHourUsd,
    executorKind: pipeline.executor.use,
    executor: findExecutor(pipeline.executor, {
      path,
      variable: (name) => env[name],
      onExit: signals.ring,
      capacity,
      gpus: gpus.map(({uuid}) => uuid),
      leases: join(tmpdir(), 'ptb-gpus'),
    }),
    machine: {
      sandbox,
      path,
      home,
      cache: runs.cache,
      secret: (name: string) => env[name],
      gpuWrite: readFileSync(new URL('../bin/cuda_write.py', import.meta.url), 'utf8'),
      version: terminal.version,
    },
  };
}

const TOO_LARGE_REMEDY =
  'run it on a larger machine, or ask for less in the pipeline: stages: {NAME: {resources: {gpus: …, cpus: …, memory: …}}}';

/** One line for each stage with a step that this machine can never run. */
function stagesTooLarge(steps: readonly Step[], capacity: Capacity): string[] {
  const lines = new Map<string, string>();
  for (const {stage, spec} of steps) {
    const because = lacking(spec.resources, capacity);
    if (because !== undefined) lines.set(stage.name, `stage "${stage.name}" cannot run on this machine: ${because}`);
  }
  return [...lines.values()];
}
