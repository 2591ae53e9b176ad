import {unless, type Issue, type Place, type Result} from '../base/issue.js';
import type {Json} from '../base/json.js';
import {megabytes, seconds} from '../base/quantity.js';
import {placeOf, pointer} from '../config/located.js';
import {expand, lookUp, type Scope} from '../config/look-up.js';
import type {Stage} from '../config/stage.js';

/** What a step needs of a machine. Partition, account and bid are the executor's own settings. */
export type Resources = {
  readonly gpus: number;
  readonly cpus: number;
  readonly memoryMb: number;
  /** Wall time of `run`; absent for no limit. */
  readonly seconds?: number;
  /** Between TERM and KILL. */
  readonly graceSeconds: number;
};

/** A project path or glob, and where the stage names it. */
export type Read = {readonly path: string; readonly at: Place};

/** A stage's declarations with the look-ups of one step filled in. */
export type Spec = {
  /** Look-up path to value, in the order of the stage; absent optional ones are left out. */
  readonly fields: ReadonlyMap<string, Json>;
  readonly reads: readonly Read[];
  readonly image?: string;
  readonly secrets: readonly string[];
  readonly resources: Resources;
};

export function specOf(stage: Stage, scope: Scope): Result<Spec> {
  const issues: Issue[] = [];
  const report = (at: Place, code: Issue['code'], message: string, hint: string): void => {
    issues.push({code, message, at, hint});
  };
  const at = (...keys: readonly (string | number)[]): Place =>
    placeOf(
      stage.source,
      keys.reduce<string>((path, key) => pointer(path, key), ''),
    );
  const texts = (template: string, place: Place): readonly string[] => {
    const expanded = expand(template, scope);
    if (expanded.kind === 'texts') return expanded.texts;
    report(place, 'unknown-look-up', expanded.message, expanded.hint);
    return [];
  };
  const measure = (key: string, text: string, parse: (value: string) => number | undefined, form: string): number => {
    const place = at('resources', key);
    const found = texts(text, place)[0];
    if (found === undefined) return 0;
    const value = parse(found);
    if (value === undefined)
      report(place, 'bad-value', `resources.${key} cannot be "${found}"`, `write it like ${form}`);
    return value ?? 0;
  };
  const whole = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

  const fields = new Map<string, Json>();
  stage.fields.forEach((path, n) => {
    const found = lookUp(path, scope);
    if (found.kind === 'unknown')
      report(at('fields', n), 'unknown-look-up', found.message, `${found.hint}; or ${path}? where it may be absent`);
    if (found.kind === 'found') fields.set(path.replace(/\?$/, ''), found.value);
  });
  const {resources, sandbox} = stage;
  const image = sandbox.image === undefined ? undefined : texts(sandbox.image, at('sandbox', 'image'))[0];
  const spec: Spec = {
    fields,
    reads: stage.reads.flatMap((template, n) => {
      const place = at('reads', n);
      return texts(template, place).map((path) => ({path, at: place}));
    }),
    ...(image === undefined ? {} : {image}),
    secrets: stage.sandbox.secrets.flatMap((name, n) => texts(name, at('sandbox', 'secrets', n))),
    resources: {
      gpus: measure('gpus', resources.gpus, whole, '1'),
      cpus: measure('cpus', resources.cpus, whole, '16'),
      memoryMb: measure('memory', resources.memory, megabytes, '128GB'),
      ...(resources.time === undefined ? {} : {seconds: measure('time', resources.time, seconds, '10h, 90m or 30s')}),
      graceSeconds: measure('grace', resources.grace, seconds, '30s'),
    },
  };
  return unless(issues, () => spec);
}
