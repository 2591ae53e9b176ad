import {readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {EngineRequest} from '../run/engine.js';
import {findExecutor} from '../run/find-executor.js';
import type {ReadyMachine} from './doctor.js';
import {hostOf} from './host.js';
import type {Planned} from './planned.js';
import type {Project} from './project.js';
import {listen} from './signals.js';
import type {Terminal} from './terminal.js';

/** Everything that the engine needs, on a machine that is ready. */
export function setUp(
  project: Project,
  {ledger, history, estimates}: Planned,
  {sandbox, gpus, capacity}: ReadyMachine,
  terminal: Terminal,
): Omit<EngineRequest, 'emit' | 'leave' | 'onFailure' | 'caps' | 'hold'> {
  const {pipeline, graph, runs, files, rerun} = project;
  const {env} = terminal;
  const {path, home} = hostOf(terminal, runs);
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
      redactor: readFileSync(new URL('../bin/redact.pl', import.meta.url), 'utf8'),
      version: terminal.version,
    },
  };
}
