import {availableParallelism, totalmem} from 'node:os';
import {programs} from '../executor/program.js';
import {megabytes} from '../base/quantity.js';
import type {ExecutorSettings} from '../config/pipeline.js';
import type {Capacity} from '../executor/executor.js';

export type Gpu = {readonly uuid: string; readonly name: string};

/** The GPUs that nvidia-smi lists; none where there is no nvidia-smi. */
export async function findGpus(): Promise<Gpu[]> {
  const asked = await (
    await programs()
  )('nvidia-smi', ['--query-gpu=uuid,name', '--format=csv,noheader'], {
    reject: false,
    timeout: 30_000,
  });
  if (asked.exitCode !== 0) return [];
  return asked.stdout.split('\n').flatMap((line) => {
    const [uuid, name] = line.split(', ');
    return uuid && name ? [{uuid, name}] : [];
  });
}

/** What `local` may use at once: as the pipeline says, else all of this machine. */
export const capacityOf = (settings: ExecutorSettings, gpus: readonly Gpu[]): Capacity => ({
  cpus: settings.cpus ?? availableParallelism(),
  memoryMb: (settings.memory === undefined ? undefined : megabytes(settings.memory)) ?? Math.floor(totalmem() / 1e6),
  gpus: Math.min(settings.gpus ?? gpus.length, gpus.length),
});
