import {readFileSync, statfsSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {programs} from '../../executor/program.js';
import type {Pipeline} from '../../config/pipeline.js';
import {isHere} from '../find-executor.js';
import {absentImages, findSandbox, hasCdi, type Host} from '../find-sandbox.js';
import {answerFindings, CLIENTS, sharedFinding, type Answer} from './cluster.js';
import {warn, type Finding} from './finding.js';
import {parseGpus, type GpuFacts} from './gpus.js';
import {findingsOf, nearest, onPath, type Looking} from './look.js';
import {secretFileFindings, type SecretFile} from './logins.js';
import {nodeFinding} from './machine.js';
import {askStages} from './stage-scripts.js';
import {wantedOf} from './wanted.js';

/** All that `ptb doctor` looks at; changes nothing, and asks others only when `online`. */
export async function lookCloser(looking: Looking, online: boolean): Promise<Finding[]> {
  const {pipeline, all, steps, host, runs, variable} = looking;
  const {executor, sandbox} = pipeline;
  const wanted = wantedOf(all, steps);
  const wantsGpus = isHere(executor) && wanted.gpus.count > 0;
  const absent = new Set<unknown>(await absentImages(sandbox.use, host, wanted.images));
  const images = wanted.images.filter((image) => !absent.has(image));
  // Docker has nothing to be tried out on then.
  const isUntried = sandbox.use === 'docker' && images.length === 0 && onPath('docker', host);
  const [tried, facts, answer, ofStages] = await Promise.all([
    isUntried ? undefined : findSandbox(sandbox, host, images),
    wantsGpus ? seeGpus() : undefined,
    askCluster(pipeline, host),
    // Without the login there is nothing to try.
    askStages(
      steps.filter(({spec}) => spec.logins.every(({oneOf}) => oneOf.some(variable))),
      {root: pipeline.root, host, variable, online},
    ),
  ]);
  const folder = nearest(runs.root);
  return [
    nodeFinding(process.version),
    ...findingsOf(looking, wanted, tried, images, facts).findings,
    ...(answer === undefined ? [] : answerFindings(executor, answer === 'silent' ? undefined : answer)),
    ...sharedFinding(executor, folder, statfsSync(folder).type),
    ...(wantsGpus && sandbox.use === 'podman' && !hasCdi() ? [NO_CDI] : []),
    ...ofStages,
    ...secretFileFindings(secretFiles(looking)),
  ];
}

const NO_CDI = warn(
  'CDI',
  'the GPUs are not described to podman: jobs get the device files without the libraries of the driver',
  'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml',
);

const SMI_MS = 30_000;

async function seeGpus(): Promise<GpuFacts | undefined> {
  const execa = await programs();
  const smi = (query: string) =>
    execa('nvidia-smi', [query, '--format=csv,noheader,nounits'], {reject: false, timeout: SMI_MS});
  const [gpus, processes] = await Promise.all([
    smi('--query-gpu=uuid,name,memory.used,memory.total,driver_version'),
    smi('--query-compute-apps=gpu_uuid,pid,process_name'),
  ]);
  if (gpus.exitCode !== 0) return undefined;
  const facts = parseGpus(gpus.stdout, processes.exitCode === 0 ? processes.stdout : '');
  return facts.gpus.length > 0 ? facts : undefined;
}

const CLUSTER_MS = 10_000;

async function askCluster({executor}: Pipeline, host: Host): Promise<Answer | 'silent' | undefined> {
  if (executor.use === 'local' || !onPath(CLIENTS[executor.use].commands[0]!, host)) return undefined;
  const [program, ...args] = CLIENTS[executor.use].query as [string, ...string[]];
  const asked = await (await programs())(program, args, {reject: false, timeout: CLUSTER_MS, env: {PATH: host.path}});
  return asked.timedOut ? 'silent' : {code: asked.exitCode, stdout: asked.stdout, stderr: asked.stderr};
}

/** Where people write keys down: beside the pipeline, and in what their shell reads. */
const NOTES = {
  project: ['.env', '.envrc', 'pipeline.yaml'],
  home: ['.bash_profile', '.bashrc', '.env', '.netrc', '.profile', '.zprofile', '.zshenv', '.zshrc'],
} as const;
const LONGEST_NOTE = 1_000_000;

function secretFiles({pipeline, steps, host, variable}: Looking): SecretFile[] {
  const names = [...new Set(steps.flatMap(({spec}) => spec.secrets))];
  const values = names.flatMap((name) => {
    const value = variable(name);
    return value !== undefined && value.length >= 8 ? [[name, value] as const] : [];
  });
  const paths = [
    ...NOTES.project.map((name) => join(pipeline.root, name)),
    ...NOTES.home.map((name) => join(host.home, name)),
  ];
  return paths.flatMap((path): SecretFile[] => {
    const text = readNote(path);
    const secrets = values.filter(([, value]) => text.includes(value)).map(([name]) => name);
    return secrets.length > 0 ? [{path, secrets, readable: isReadableByAll(path)}] : [];
  });
}

function readNote(path: string): string {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (!stat?.isFile() || stat.size > LONGEST_NOTE) return '';
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not ours to read, so not ours to mend
  }
}

/** The file for reading, and all folders above it for passing through. */
function isReadableByAll(path: string): boolean {
  if ((statSync(path).mode & 0o004) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
