import {existing} from '../run/attempt.js';
import {planProject} from './plan.js';
import {openProject, type ProjectOptions} from './project.js';
import {onlooker} from './status.js';
import {EXIT, type Terminal} from './terminal.js';

/** Ends the jobs that are under way: TERM, grace, KILL. Results stay. */
export async function stopCommand(options: ProjectOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const {verdicts, history} = planProject(project);
  const executor = onlooker();
  const jobs = [...project.graph.steps.values()].flatMap((step) => {
    const verdict = verdicts.get(step.id)!;
    if (verdict.kind !== 'run') return [];
    const found = history.found(step, verdict.key).filter(({kind}) => kind === 'unsettled');
    return found.map(({attempt, dir}) => existing(step, verdict.key, verdict.doc, attempt, dir).job);
  });
  const answers = await executor.poll(jobs);
  const alive = jobs.filter(({name}) => answers.get(name) === 'running');
  await Promise.all(alive.map((job) => executor.cancel(job)));
  terminal.out(`${alive.length} ${alive.length === 1 ? 'job' : 'jobs'} stopped\n`);
  return EXIT.done;
}
