import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {local} from '../executor/local.js';
import type {EngineRequest} from '../run/engine.js';
import {capacityOf, findGpus, findSandbox, gpuDevices} from '../run/machine.js';
import {StoredHistory} from '../store/history.js';
import {Ledger} from '../store/ledger.js';
import type {Project} from './project.js';
import {listen} from './signals.js';
import type {Terminal} from './terminal.js';

/** Everything that the engine needs of this machine; undefined, and said why, when something is missing. */
export async function setUp(
  {pipeline, graph, runs, files, rerun}: Project,
  terminal: Terminal,
): Promise<Omit<EngineRequest, 'emit' | 'onFailure'> | undefined> {
  const {env} = terminal;
  // Scripts outside the sandbox may call ptb and node themselves.
  const own = [fileURLToPath(new URL('../bin', import.meta.url)), dirname(process.execPath)];
  const path = [...own, env.PATH ?? '/usr/bin:/bin'].join(':');
  const tools = fileURLToPath(new URL('../tools/bin', import.meta.url));
  const sandbox = await findSandbox(pipeline.sandbox, path, tools);
  if (sandbox.kind === 'not-ready') {
    terminal.err(`${sandbox.message}\n  ${terminal.paintErr('blue', 'remedy')}: ${sandbox.remedy}\n`);
    return undefined;
  }
  const gpus = [...graph.steps.values()].some(({spec}) => spec.resources.gpus > 0) ? await findGpus() : [];
  const ledger = new Ledger(runs.results, runs.ledger);
  const signals = listen();
  return {
    pipeline: pipeline.name,
    graph,
    files,
    runs,
    rerun,
    ledger,
    history: new StoredHistory(runs, ledger, pipeline.name),
    signals,
    executorKind: pipeline.executor.use,
    executor: local({
      capacity: capacityOf(pipeline.executor, gpus),
      gpus: gpus.map(({uuid}) => uuid),
      leases: join(tmpdir(), 'ptb-gpus'),
      path,
      onExit: signals.ring,
    }),
    machine: {
      sandbox,
      path,
      home: env.HOME ?? '/',
      secret: (name: string) => env[name],
      devices: gpus.length > 0 ? gpuDevices() : [],
      version: terminal.version,
    },
  };
}
