import {watch} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {until} from '../rig/until.js';
import {Controller} from './controller.js';
import {folders, gather, moments, MOMENTS, type Moment} from './evidence.js';
import {violations, type Reference} from './invariants.js';

import {BROKEN, newChaosProject, ptb, type ChaosProject, type Where} from './project.js';
import {Random} from './random.js';
import {AIMS, killJob, processesOf} from './victims.js';

export type Suite = {
  readonly kills: number;
  readonly seed: string;
  readonly where: Where;
  readonly report: (line: string) => void;
};

export type Sum = {
  kills: number;
  resumes: number;
  jobKills: number;
  projects: number;
  readonly violations: string[];
  /** In how many kills the controller had what under its hands. */
  readonly moments: Map<Moment, number>;
};

/** How long a run to the end may take; one that waits for what never comes shows here. */
const END_MS = {local: 90_000, slurm: 300_000, htcondor: 600_000} as const;

/** How much longer things take than on this machine itself. */
const STRETCH = {local: 1, slurm: 6, htcondor: 12} as const;

export async function runSuite({kills, seed, where, report}: Suite): Promise<Sum> {
  const sum: Sum = {kills: 0, resumes: 0, jobKills: 0, projects: 0, violations: [], moments: new Map()};
  const undisturbed = await referenceOf(where);
  while (sum.kills < kills) {
    sum.projects++;
    await using project = await newChaosProject(where);
    const before = {...sum};
    const began = performance.now();
    const found = await disturb(project, new Random(`${seed}/${sum.projects}`), kills, undisturbed, sum);
    const {length} = found;
    report(
      `project ${sum.projects}: ${sum.kills - before.kills} kills, ${sum.jobKills - before.jobKills} jobs killed, ` +
        `${sum.resumes - before.resumes} resumes, ${((performance.now() - began) / 1000).toFixed(1)} s, ` +
        `${length} ${length === 1 ? 'violation' : 'violations'}`,
    );
    if (length === 0) continue;
    project.keep();
    for (const one of found) report(`  ${one}`);
    report(`  kept: ${project.root}`);
    sum.violations.push(...found);
  }
  return sum;
}

/** "12 composing, 30 jobs running, …" */
export const describeMoments = ({moments: counts}: Sum): string =>
  MOMENTS.filter((moment) => counts.has(moment))
    .map((moment) => `${counts.get(moment)!} ${moment}`)
    .join(', ');

async function referenceOf(where: Where): Promise<Reference> {
  await using project = await newChaosProject(where);
  const run = new Controller(project);
  await run.ended;
  const evidence = gather(project, new Set());
  const reference = new Map(evidence.results.map(({id, folder, outputs}) => [id, {folder, outputs}] as const));
  const wrong = violations(evidence, reference);
  if (!isComplete(project, run) || wrong.length > 0 || reference.size !== project.ids.length - BROKEN.length) {
    project.keep();
    throw new Error(`the undisturbed run failed: ${wrong.join('; ')}\n${run.said}\nkept: ${project.root}`);
  }
  return reference;
}

/** All done but what is made to fail. */
const isComplete = ({ids}: ChaosProject, {code, counts}: Controller): boolean =>
  code === 1 &&
  counts !== undefined &&
  counts.failed === BROKEN.length &&
  counts.done! + counts.cached! === ids.length - BROKEN.length;

/** Kills and resumes until the project is done or has had its share of kills; what it shows in the end. */
async function disturb(
  project: ChaosProject,
  random: Random,
  kills: number,
  undisturbed: Reference,
  sum: Sum,
): Promise<string[]> {
  const seen = new Set<string>();
  const found: string[] = [];
  // With more kills than these, little else would be going on.
  const last = Math.min(kills, sum.kills + Math.floor(random.between(8, 17)));
  let complete = false;
  let started = 0;
  while (!complete && sum.kills < last) {
    const controllers = [new Controller(project)];
    if (started++ > 0) sum.resumes++;
    // On a cluster the controller alone is killed: what becomes of jobs there has tests of its own.
    const jobKill =
      project.where.executor === 'local' && random.chance(0.4)
        ? (async () => {
            await sleep(random.between(0, 700));
            const aim = random.pick(AIMS);
            for (let tries = 0; tries < 20; tries++) {
              if (killJob(project, aim, random) !== undefined) {
                sum.jobKills++;
                return;
              }
              await sleep(25);
            }
          })()
        : Promise.resolve();
    const rival = random.chance(0.1);
    if (rival) {
      await sleep(random.between(0, 150));
      controllers.push(new Controller(project));
    }
    for (const controller of controllers) {
      await Promise.race([moment(project, controller, random), controller.ended]);
      controller.kill();
      await controller.ended;
      for (const folder of folders(project.root, 'results')) seen.add(folder);
      if (controller.signal === null) {
        if (controller.code !== 1) found.push(`a run ended with ${controller.code}: ${controller.said}`);
        complete ||= isComplete(project, controller);
        continue;
      }
      sum.kills++;
      for (const one of moments(project.root, controller.pid)) sum.moments.set(one, (sum.moments.get(one) ?? 0) + 1);
    }
    await jobKill;
  }
  found.push(...(await bringToEnd(project, sum)));
  return [...found, ...(await judge(project, seen, undisturbed))];
}

/** The moment of a kill, drawn so that start-up, composing, submission, settling and commit are all hit. */
async function moment({log, where}: ChaosProject, controller: Controller, random: Random): Promise<void> {
  const stretch = STRETCH[where.executor];
  const kind = random.pick(['clock', 'clock', 'event', 'event', 'job-ended', 'job-ended', 'late']);
  const patience = sleep(2500 * stretch);
  switch (kind) {
    case 'event': {
      const [count, ms] = [1 + Math.floor(random.next() * 40), random.between(0, 12)];
      await Promise.race([controller.lines(count), patience]);
      return sleep(ms);
    }
    case 'job-ended': {
      const [count, ms] = [1 + Math.floor(random.next() * 8), random.between(0, 60)];
      await Promise.race([controller.lines(2), patience]);
      await Promise.race([changes(log, count), patience]);
      return sleep(ms);
    }
    case 'late':
      return sleep(random.between(600, 2500) * stretch);
    default:
      return sleep(random.between(0, 600) * stretch);
  }
}

/** Resolves when a file has grown so many times. */
async function changes(file: string, count: number): Promise<void> {
  const watcher = watch(file);
  await new Promise<void>((resolve) => {
    let seen = 0;
    watcher.on('change', () => {
      if (++seen >= count) resolve();
    });
    setTimeout(resolve, 2500);
  });
  watcher.close();
}

/** A job that was killed may have been reported by the run that found it: the one after that is the last. */
async function bringToEnd(project: ChaosProject, sum: Sum): Promise<string[]> {
  const patience = END_MS[project.where.executor];
  for (let tries = 0; tries < 3; tries++) {
    const run = new Controller(project);
    sum.resumes++;
    const over = await Promise.race([run.ended.then(() => true), sleep(patience, false, {ref: false})]);
    if (!over) {
      run.kill();
      return [`a resumed run did not end within ${patience} ms: ${run.said}`];
    }
    if (run.stderr.includes('watching it')) return [`a dead controller blocked: ${run.stderr}`];
    if (isComplete(project, run)) return [];
    if (run.code !== 1) return [`a resumed run ended with ${run.code}: ${run.said}`];
  }
  return ['three resumed runs did not complete the project'];
}

async function judge(project: ChaosProject, seen: ReadonlySet<string>, undisturbed: Reference): Promise<string[]> {
  const {root} = project;
  const found: string[] = [];
  await until(
    () => processesOf(root).length === 0,
    'all processes are gone',
    project.where.executor === 'local' ? 2000 : 20_000,
  ).catch(() => {
    found.push(...processesOf(root).map(({pid, args}) => `process ${pid} is left: ${args}`));
  });
  const evidence = gather(project, seen);
  found.push(...violations(evidence, undisturbed));
  const verified = await ptb(project, ['store', 'verify'], 60_000);
  if (verified.code !== 0) found.push(`ptb store verify: exit ${verified.code}: ${verified.stdout}${verified.stderr}`);
  if (found.length > 0) for (const {pid} of processesOf(root)) process.kill(pid, 'SIGKILL');
  return found;
}
