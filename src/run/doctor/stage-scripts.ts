import {programs} from '../../executor/program.js';
import {groupBy} from '../../base/group.js';
import {asText} from '../../base/json.js';
import {variable} from '../../config/check.js';
import type {Step} from '../../graph/step.js';
import type {Host} from '../find-sandbox.js';
import {fail, type Finding} from './finding.js';

export type Asking = {
  /** The project's folder. */
  readonly root: string;
  readonly host: Host;
  readonly variable: (name: string) => string | undefined;
  /** Whether they may ask others: providers, hubs. */
  readonly online: boolean;
};

const TIMEOUT_MS = {online: 60_000, offline: 20_000} as const;

/** What the stages' own scripts find, each run once for the values that it depends on. */
export async function askStages(steps: readonly Step[], asking: Asking): Promise<Finding[]> {
  const asked = steps.flatMap((step) => (step.stage.doctor ? [step] : []));
  const firsts = [...groupBy(asked, identity).values()].map((same) => same[0]!);
  const said = await Promise.all(firsts.map((step) => ask(step, asking)));
  // Several steps may learn the same.
  return [...new Map(said.flat().map((finding) => [JSON.stringify(finding), finding])).values()];
}

const identity = ({stage, at}: Step): string =>
  JSON.stringify([stage.name, ...stage.doctor!.for.map((axis) => at[axis])]);

async function ask(step: Step, {root, host, variable: of, online}: Asking): Promise<Finding[]> {
  const {stage, spec, at} = step;
  const doctor = stage.doctor!;
  const own = new Set(stage.files.map((file) => file.slice(stage.dir.length + 1)));
  const [program, ...args] = doctor.run.map((word) =>
    word.startsWith('doctor.') || own.has(word) ? `${root}/${stage.dir}/${word}` : word,
  ) as [string, ...string[]];
  const concerns = (path: string): boolean => {
    const first = path.split('.', 1)[0]!;
    return !stage.for.includes(first) || doctor.for.includes(first);
  };
  const handed = [...spec.secrets, ...stage.sandbox.pass].flatMap((name) => {
    const value = of(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = {
    PATH: host.path,
    HOME: host.home,
    LANG: 'C.UTF-8',
    PTB_FILES: root,
    ...Object.fromEntries(doctor.for.map((axis) => [variable(axis), at[axis]!])),
    ...Object.fromEntries(
      [...spec.fields].filter(([path]) => concerns(path)).map(([path, value]) => [variable(path), asText(value)]),
    ),
    ...Object.fromEntries(handed),
    ...(online ? {PTB_ONLINE: '1'} : {}),
  };
  const timeout = online ? TIMEOUT_MS.online : TIMEOUT_MS.offline;
  const {stdout, stderr, exitCode, timedOut} = await (
    await programs()
  )(program, args, {
    cwd: root,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout,
  });
  const findings = parseFindings(stdout);
  if (exitCode === 0) return findings;
  const because = timedOut ? `no answer within ${timeout / 1000} s` : (stderr.trim().split('\n').at(-1) ?? '');
  return [...findings, fail(stage.name, `its doctor broke: ${because}`, `see ${stage.dir}/${doctor.run.at(-1)!}`)];
}

/** Lines of `ok`, `warn` or `fail`, the check, the text and, where it is not ok, the remedy, with tabs between them. */
export const parseFindings = (stdout: string): Finding[] =>
  stdout.split('\n').flatMap((line): Finding[] => {
    const [state, check, text, remedy] = line.split('\t');
    if (!(state === 'ok' || state === 'warn' || state === 'fail') || !check || !text) return [];
    return [{state, check, text, ...(state === 'ok' || !remedy ? {} : {remedy})}];
  });
