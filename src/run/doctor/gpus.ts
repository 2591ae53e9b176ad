import {IDLE_MEMORY} from '../../executor/gpu-guard.js';
import {fail, ok, warn, type Finding} from './finding.js';
import type {Wanted} from './wanted.js';

/** What nvidia-smi says. */
export type GpuFacts = {
  readonly gpus: readonly {
    readonly uuid: string;
    readonly name: string;
    /** MiB; absent where it was not asked for. */
    readonly memory?: {readonly used: number; readonly total: number};
  }[];
  readonly driver?: string;
  readonly processes: readonly {readonly uuid: string; readonly pid: number; readonly name: string}[];
};

const OTHERS = 'it is not ended by ptb: end it, or wait; a step does not start on a GPU that others use';

/** Whether the GPUs that the largest step asks for are here, of the right name, and free. `facts` is undefined without nvidia-smi. */
export function gpuFindings(wanted: Wanted['gpus'], facts: GpuFacts | undefined): Finding[] {
  const {count, names} = wanted;
  if (count === 0) return [];
  const asked = `${count} ${names.length === 0 ? '' : `${names.join(' or ')} `}${count === 1 ? 'GPU' : 'GPUs'}`;
  if (facts === undefined) {
    const remedy = `run it where there ${count === 1 ? 'is one' : 'are some'}, with NVIDIA's driver, or send the jobs there: --profile slurm`;
    return [fail('GPUs', `a step asks for ${asked}, and there is no working nvidia-smi on PATH`, remedy)];
  }
  const named = facts.gpus.filter(({name}) => names.every((part) => name.includes(part)));
  const seen = facts.gpus.length === 0 ? 'none' : counted(facts.gpus.map(({name}) => name));
  const others = named.length < count && facts.gpus.length >= count ? facts.gpus[0]!.name : undefined;
  const enough =
    named.length >= count
      ? ok('GPUs', `${seen}; a step asks for ${asked}`)
      : fail(
          'GPUs',
          `a step asks for ${asked}, and here: ${seen}`,
          others === undefined
            ? 'run it on a machine with more, or ask for fewer: --set gpus.count=…'
            : `for a table of its own on these: --set gpus.name=${quote(shortName(others))}`,
        );
  const driver = facts.driver === undefined ? [] : [ok('driver', `NVIDIA ${facts.driver}`)];
  return [enough, ...driver, ...memory(named), ...use(facts, named.length)];
}

function memory(gpus: GpuFacts['gpus']): Finding[] {
  const known = gpus.flatMap(({name, memory: of}, index) => (of ? [{name, index, ...of}] : []));
  if (known.length === 0) return [];
  const busy = known.filter(({used}) => used > IDLE_MEMORY);
  const free = known.map(({used, total}) => `${gib(total - used)} of ${gib(total)}`);
  const text = `free: ${counted(free)} GiB`;
  return [busy.length === 0 ? ok('GPU memory', text) : warn('GPU memory', text, OTHERS)];
}

function use({processes}: GpuFacts, named: number): Finding[] {
  if (named === 0 || processes.length === 0) return [];
  const text = processes.map(({pid, name}) => `${pid} (${name})`).join(', ');
  return [warn('GPU processes', `on the GPUs: ${text}`, OTHERS)];
}

const gib = (mib: number): string => (mib / 1024).toFixed(0);

/** `8 × NVIDIA H100, 1 × NVIDIA A100`. */
function counted(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (texts.length === 1 ? text : `${count} × ${text}`)).join(', ');
}

/** `A100` of `NVIDIA A100-SXM4-80GB`. */
const shortName = (name: string): string => name.replace(/^(NVIDIA|Tesla) /, '').split(/[- ]/)[0]!;
const quote = (word: string): string => (/^[\w.]+$/.test(word) ? word : `"${word}"`);

/** What `nvidia-smi --query-gpu=uuid,name,memory.used,memory.total,driver_version` and `--query-compute-apps=gpu_uuid,pid,process_name` print. */
export function parseGpus(gpus: string, processes: string): GpuFacts {
  const rows = gpus.split('\n').map((line) => line.split(', '));
  const driver = rows[0]?.[4];
  return {
    gpus: rows.flatMap(([uuid, name, used, total]) =>
      uuid && name
        ? [{uuid, name, ...(Number(total) > 0 ? {memory: {used: Number(used), total: Number(total)}} : {})}]
        : [],
    ),
    ...(driver ? {driver} : {}),
    processes: processes.split('\n').flatMap((line) => {
      const [uuid, pid, ...name] = line.split(', ');
      return uuid && /^\d+$/.test(pid ?? '') ? [{uuid, pid: Number(pid), name: name.join(', ')}] : [];
    }),
  };
}
