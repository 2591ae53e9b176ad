import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Argv} from '../base/argv.js';
import {sha256} from '../base/canonical.js';
import {megabytes, seconds} from '../base/quantity.js';
import {composeController, controllerJobAt, describeController, mayControl} from '../run/controller-job.js';
import {CLIENT_VARIABLES, findExecutor, isHere, onlooker} from '../run/find-executor.js';
import {controllerOf} from '../run/lock.js';
import type {Project} from './project.js';
import type {RunOptions} from './run-options.js';
import {EXIT, type Terminal} from './terminal.js';

/** What a controller's job has when `executor.controller` says nothing. */
const DEFAULTS = {time: '7d', memory: '2GB'} as const;

/** Submits `ptb pipeline run` with these options as a job of its own, which outlives the login. */
export async function submitController(project: Project, options: RunOptions, terminal: Terminal): Promise<number> {
  const {pipeline, runs} = project;
  const variable = (name: string): string | undefined => terminal.env[name];
  const refuse = (because: string): number => {
    terminal.err(`${because}\nwatch it with: ptb pipeline run    end it and its jobs with: ptb pipeline stop\n`);
    return EXIT.notReady;
  };
  if (isHere(pipeline.executor)) {
    terminal.err('--submit-controller needs a queue: add --profile slurm or --profile htcondor\n');
    return EXIT.badInput;
  }
  const earlier = await controllerJobAt(runs.controllerJob, onlooker(variable));
  if (earlier && mayControl(earlier)) return refuse(`this project is run by ${describeController(earlier)}`);
  const other = controllerOf(runs.controller);
  if (other && other.job === undefined) {
    return refuse(`process ${other.pid} on ${other.host} runs this project since ${other.since}`);
  }
  const {controller = {}, ...rest} = pipeline.executor;
  const {time = DEFAULTS.time, memory = DEFAULTS.memory, ...over} = controller;
  const now = new Date();
  const name = `ptb-controller-${sha256(pipeline.root).slice(0, 6)}-${now.getTime().toString(36)}`;
  const job = composeController(runs.controllerJob, {
    record: {version: 1, name, executor: pipeline.executor.use, submitted: now.toISOString()},
    root: process.cwd(),
    command: commandOf(options),
    environment: environmentOf(project, name, terminal),
    seconds: seconds(time)!,
    memoryMb: megabytes(memory)!,
  });
  const executor = findExecutor(
    {...rest, ...over},
    {
      path: variable('PATH') ?? '',
      variable,
      onExit: () => undefined,
      capacity: {cpus: 0, memoryMb: 0, gpus: 0},
      gpus: [],
      leases: '',
    },
  );
  const answer = await executor.submit(job);
  if (answer.kind !== 'accepted') {
    terminal.err(`the controller was not submitted: ${answer.because ?? 'the queue is full'}\n`);
    return EXIT.notReady;
  }
  terminal.out(`the controller is job ${name} of ${pipeline.executor.use}; its output: ${job.dir}/stdout.log\n`);
  terminal.out(
    'watch it with: ptb pipeline run, or ptb pipeline status    end it and its jobs with: ptb pipeline stop\n',
  );
  return EXIT.done;
}

/** The same call, without what asks for a job. */
function commandOf(options: RunOptions): Argv {
  const repeated = (flag: string, values: readonly string[] = []): string[] => values.flatMap((value) => [flag, value]);
  const given = (flag: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [flag, String(value)];
  const set = (flag: string, isSet: boolean | undefined): string[] => (isSet ? [flag] : []);
  return [
    process.execPath,
    fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    ...['pipeline', 'run', '--file', resolve(options.file)],
    ...repeated('--profile', options.profile),
    ...repeated('--set', options.set),
    ...repeated('--only', options.only),
    ...given('--until', options.until),
    ...repeated('--rerun', options.rerun),
    ...given('--max-gpu-hours', options.maxGpuHours),
    ...given('--max-usd', options.maxUsd),
    ...set('--yes', options.yes),
    ...set('--fail-fast', options.failFast),
    ...set('--json', options.json),
  ];
}

/** What the clients of the queue need, and the secrets of the steps: no more of the caller's environment. */
function environmentOf({graph}: Project, name: string, {env}: Terminal): ReadonlyMap<string, string> {
  const steps = [...graph.steps.values()];
  const secrets = steps.flatMap(({stage, spec}) => [
    ...spec.secrets,
    ...stage.sandbox.pass,
    ...spec.logins.flatMap(({oneOf}) => oneOf),
  ]);
  const found = [...new Set([...CLIENT_VARIABLES, ...secrets])].flatMap((variable) => {
    const value = env[variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return new Map([...found, [CONTROLLER_VARIABLE, name]]);
}

/** Tells a controller that it is a job, and which. */
export const CONTROLLER_VARIABLE = 'PTB_CONTROLLER';
