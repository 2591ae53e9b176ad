import {hostname} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Job, JobName, Liveness} from '../executor/executor.js';
import {onlooker} from '../run/find-executor.js';
import {controllerOf, type Controller} from '../run/lock.js';
import {unsettledAttempts} from '../store/attempt.js';
import {runsAt} from '../store/paths.js';
import {liveControllerJob} from './controller.js';
import {EXIT, type Terminal} from './terminal.js';

/** How long a controller may take to leave once it was asked to. */
const LEAVE_MS = 10_000;

/**
 * Ends all jobs of a project: TERM, grace, KILL. Results stay. Needs no pipeline: what was started is on disk, also from a
 * pipeline that was edited since.
 */
export async function stopCommand(options: {readonly file: string}, terminal: Terminal): Promise<number> {
  const runs = runsAt(join(dirname(resolve(options.file)), 'runs'));
  const executor = onlooker((name) => terminal.env[name]);
  const its = await liveControllerJob(runs, terminal);
  if (its) {
    await executor.cancel(its.job);
    terminal.out(`the controller, job ${its.record.name}, stopped\n`);
    await liveControllerJob(runs, terminal);
  }
  const controller = controllerOf(runs.controller);
  if (controller && !(await leave(controller, runs.controller))) {
    terminal.err(
      `process ${controller.pid} on ${controller.host} runs this project and cannot be told to stop from here\n`,
    );
    terminal.err('call ptb pipeline stop there\n');
    return EXIT.notReady;
  }
  const jobs = unsettledAttempts(runs.attempts).map(({dir, job}): Job => ({
    name: job.name as JobName,
    dir,
    resources: {gpus: 0, cpus: 0, memoryMb: 0, graceSeconds: job.graceSeconds},
  }));
  const answers = await executor.poll(jobs);
  const unsure = jobs.flatMap(({name}) => {
    const report = answers.get(name);
    return report?.liveness === 'unknown' ? [report.because ?? `job ${name}: nobody knows`] : [];
  });
  if (unsure.length > 0) {
    terminal.err(`${unsure.length} jobs cannot be reached now: ${unsure[0]!}\ncall ptb pipeline stop again later\n`);
  }
  const alive = jobs.filter(({name}) => ALIVE.includes(answers.get(name)?.liveness ?? 'unknown'));
  await Promise.all(alive.map((job) => executor.cancel(job)));
  terminal.out(`${alive.length} ${alive.length === 1 ? 'job' : 'jobs'} stopped\n`);
  return unsure.length > 0 ? EXIT.notReady : EXIT.done;
}

const ALIVE: readonly Liveness[] = ['waiting', 'running', 'held'];

/** A controller that went on would start the next steps. */
async function leave({pid, host}: Controller, lockFile: string): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return false;
  }
  for (const end = performance.now() + LEAVE_MS; performance.now() < end;) {
    if (controllerOf(lockFile)?.pid !== pid) return true;
    await sleep(50);
  }
  return false;
}
