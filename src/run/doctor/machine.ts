import {describeBytes} from '../../base/quantity.js';
import type {Capacity} from '../../executor/executor.js';
import {lacking} from '../../executor/local.js';
import {fail, listed, ok, warn, type Finding} from './finding.js';
import type {Wanted} from './wanted.js';

const OLDEST_NODE = [20, 19] as const;

/** `version` as `process.version` has it. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [least, minorLeast] = OLDEST_NODE;
  if (major > least || (major === least && minor >= minorLeast)) return ok('node', version);
  return fail('node', `${version} is too old`, `install node ${OLDEST_NODE.join('.')} or later`);
}

/** CPU cores and memory of the machine that the jobs run on, and the slots that the pipeline sets, against each stage's largest step. */
export function slotFindings({stages}: Wanted, capacity: Capacity): Finding[] {
  const {cpus, memoryMb} = capacity;
  const tooLarge = stages.flatMap(({name, resources}) => {
    const because = lacking(resources, capacity);
    return because === undefined ? [] : [`stage "${name}" cannot run on this machine: ${because}`];
  });
  const remedy =
    'run it on a larger machine, or ask for less in the pipeline: stages: {NAME: {resources: {gpus: …, cpus: …, memory: …}}}';
  if (tooLarge.length > 0) return [fail('slots', tooLarge.join('; '), remedy)];
  return [ok('slots', `${cpus} CPUs, ${describeBytes(memoryMb * 1e6)} of memory`)];
}

/** A folder that jobs fill. */
export type Disk = {
  readonly path: string;
  readonly freeBytes: number;
  /** Stages on that disk. */
  readonly of: (stage: Wanted['stages'][number]) => boolean;
};

/** Free room against what stages declare: enough for the largest step, and for as many as run at once. */
export const diskFindings = (
  {stages}: Wanted,
  disks: readonly Disk[],
  /** The machine's; undefined where a queue says how many run at once. */
  capacity: Capacity | undefined,
): Finding[] =>
  disks.flatMap(({path, freeBytes, of}): Finding[] => {
    const asking = stages
      .filter(of)
      .map((stage) => ({...stage, bytes: (stage.resources.diskMb ?? 0) * 1e6}))
      .sort((a, b) => b.bytes - a.bytes);
    const [most] = asking;
    if (most === undefined || most.bytes === 0) return [];
    const free = `${describeBytes(freeBytes)} are free at ${path}`;
    const short = asking.filter(({bytes}) => bytes > freeBytes);
    if (short.length > 0) {
      const steps = listed(short.map(({name, bytes}) => `${describeBytes(bytes)} for one of ${name}`));
      const less = `stages: {${short.map(({name}) => `${name}: {resources: {disk: …}}`).join(', ')}}`;
      const remedy = `make room (ptb store gc lists what nothing needs), make ${path} a link to a larger disk, or ask for less: ${less}`;
      return [fail('disk', `${free}, and steps may use ${steps}`, remedy)];
    }
    const atOnce = capacity === undefined ? most.steps : Math.min(most.steps, manyAtOnce(most.resources, capacity));
    const use = `${atOnce === 1 ? `a step of ${most.name}` : `${atOnce} steps of ${most.name} at once`} may use ${describeBytes(atOnce * most.bytes)}`;
    if (atOnce * most.bytes <= freeBytes) return [ok('disk', `${free}; ${use}`)];
    const fewer = capacity === undefined ? 'max-jobs' : most.resources.gpus > 0 ? 'gpus' : 'cpus';
    return [warn('disk', `${free}, and ${use}`, `make room, or run fewer at once: --set executor.${fewer}=…`)];
  });

/** How many such steps a machine's slots hold. */
function manyAtOnce({gpus, cpus, memoryMb}: Wanted['stages'][number]['resources'], capacity: Capacity): number {
  const by = (asked: number, there: number): number => (asked === 0 ? Infinity : Math.floor(there / asked));
  return Math.max(1, Math.min(by(gpus, capacity.gpus), by(cpus, capacity.cpus), by(memoryMb, capacity.memoryMb)));
}
