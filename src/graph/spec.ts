import {unless, type Issue, type Place, type Result} from '../base/issue.js';
import type {Json} from '../base/json.js';
import {megabytes, seconds} from '../base/quantity.js';
import {quoted} from '../base/quoted.js';
import {HOST, parseImage, type Image} from '../config/image.js';
import {placeInText, placeOf, pointer} from '../config/located.js';
import {expand, lookUp, type Scope, type Unknown} from '../config/look-up.js';
import type {Pipeline} from '../config/pipeline.js';
import {imageIssues} from '../config/sandbox.js';
import type {Stage} from '../config/stage.js';

/** What a step needs of a machine. Partition, account and bid are the executor's own settings. */
export type Resources = {
  readonly gpus: number;
  /** A part of their name. */
  readonly gpuName?: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** What its folder may grow to; absent where the stage does not say. */
  readonly diskMb?: number;
  /** Wall time of `run`; absent for no limit. */
  readonly seconds?: number;
  /** Between TERM and KILL. */
  readonly graceSeconds: number;
};

/** A project path or glob, and where the stage names it; whether what it names enters the key. */
export type Read = {readonly path: string; readonly keyed: boolean; readonly at: Place};

/** A named limit, and where the stage says that it uses it. */
export type Use = {readonly limit: string; readonly at: Place};

/** A stage's declarations with the look-ups of one step filled in. */
export type Spec = {
  /** Look-up path to value, in the order of the stage; absent optional ones are left out. */
  readonly fields: ReadonlyMap<string, Json>;
  /** Those of the fields that are handed over and do not enter the key. */
  readonly unkeyed: ReadonlySet<string>;
  /** What the stage pins, by name; undefined where the lock has no version of it. */
  readonly pins: ReadonlyMap<string, string | undefined>;
  readonly reads: readonly Read[];
  readonly image: Image;
  readonly secrets: readonly string[];
  /** Absolute folders of this machine, by the name under which the script finds them. */
  readonly expose: ReadonlyMap<string, string>;
  readonly logins: readonly {readonly oneOf: readonly string[]; readonly for: readonly string[]}[];
  readonly resources: Resources;
  /** What it is ended for. */
  readonly bounds: {
    /** At once; where the kernel counts them, threads too. */
    readonly processes: number;
    /** What each of its two logs may grow to. */
    readonly logMb: number;
  };
  /** Each limit once. */
  readonly uses: readonly Use[];
  /** US dollars of API calls in an hour of its time limit, where somebody has estimated that. */
  readonly usdPerHour?: number;
  readonly retry: {
    /** Wait before the first retry; it doubles each time. */
    readonly backoffSeconds: number;
    /** Name to what the first, second, … attempt is handed; the last holds for all further ones. */
    readonly with: ReadonlyMap<string, readonly string[]>;
  };
};

/** What holds where a stage says nothing, or its look-up is optional and absent. */
const DEFAULTS = {gpus: 0, cpus: 1, memoryMb: 1000, processes: 8192, logMb: 1000, graceSeconds: 10} as const;

export function specOf(
  stage: Stage,
  scope: Scope,
  pipeline: Pick<Pipeline, 'root' | 'sandbox' | 'stages'>,
): Result<Spec> {
  const issues: Issue[] = [];
  const pathTo = (...keys: readonly (string | number)[]): string =>
    keys.reduce<string>((path, key) => pointer(path, key), '');
  const unknown = ({message, hint, offset}: Unknown, path: string): void => {
    issues.push({code: 'unknown-look-up', message, at: placeInText(stage.source, path, offset), hint});
  };
  const texts = (template: string, path: string): readonly string[] => {
    const expanded = expand(template, scope);
    if (expanded.kind === 'texts') return expanded.texts;
    unknown(expanded, path);
    return [];
  };
  const measure = (
    key: string,
    text: string | undefined,
    {parse, like}: Measure,
    section = 'resources',
  ): number | undefined => {
    if (text === undefined) return undefined;
    const path = pathTo(section, key);
    const found = texts(text, path);
    if (found.length === 0) return undefined;
    const value = found.length === 1 ? parse(found[0]!) : undefined;
    if (value !== undefined) return value;
    const message = `${section}.${key} cannot be ${quoted(found.join(', '))}`;
    issues.push({code: 'bad-value', message, at: placeOf(stage.source, path), hint: `write it like ${like}`});
    return undefined;
  };

  const fields = new Map<string, Json>();
  const unkeyed = new Set<string>();
  stage.fields.forEach(({text: path, keyed}, n) => {
    const found = lookUp(path, scope);
    if (found.kind === 'unknown') {
      unknown({...found, hint: `${found.hint} (or ${path}? where it may be absent)`}, pathTo('fields', n));
    }
    const field = path.replace(/\?$/, '');
    if (found.kind === 'found') fields.set(field, found.value);
    if (!keyed) unkeyed.add(field);
  });
  const pins = stage.pins.flatMap((template, n) => texts(template, pathTo('pins', n)));
  const reads = stage.reads.flatMap(({text: template, keyed}, n) => {
    const at = placeOf(stage.source, pathTo('reads', n));
    return texts(template, pathTo('reads', n)).map((path): Read => {
      if (path.startsWith('/') || path.split('/').includes('..')) {
        const message = `stage "${stage.name}" reads ${quoted(path)}, which is outside of the project`;
        issues.push({code: 'bad-value', message, at, hint: "name a path relative to the pipeline's folder"});
      }
      return {path, keyed, at};
    });
  });
  const {resources, sandbox} = stage;
  const uses = new Map<string, Use>();
  stage.uses.forEach((template, n) => {
    const path = stage.source.places.has('/uses/0') ? pathTo('uses', n) : pathTo('uses');
    for (const limit of texts(template, path)) {
      if (!uses.has(limit)) uses.set(limit, {limit, at: placeOf(stage.source, path)});
    }
  });
  const usdPerHour = measure('usd-per-hour', stage.bill?.usdPerHour, MONEY, 'bill');
  const image = sandbox.image === undefined ? undefined : texts(sandbox.image, pathTo('sandbox', 'image'))[0];
  const imageOf = (text: string | undefined): Image => {
    if (text === undefined) return pipeline.sandbox.image;
    const at = placeOf(stage.source, pathTo('sandbox', 'image'));
    issues.push(...imageIssues(text, pipeline.root, pipeline.sandbox.use, at, pipeline.stages));
    const parsed = parseImage(text, pipeline.root);
    return parsed.kind === 'unclear' ? HOST : parsed;
  };
  const gpuName =
    resources.gpuName === undefined ? undefined : texts(resources.gpuName, pathTo('resources', 'gpu-name'))[0];
  const expose = [...sandbox.expose].flatMap(([name, template]) => {
    const path = pathTo('sandbox', 'expose', name);
    return texts(template, path).map((folder) => {
      if (!folder.startsWith('/')) {
        const message = `sandbox.expose.${name} cannot be ${quoted(folder)}`;
        issues.push({code: 'bad-value', message, at: placeOf(stage.source, path), hint: 'write an absolute path'});
      }
      return [name, folder] as const;
    });
  });
  const logins = stage.logins.map((login, n) => ({
    wanted:
      (login.for === undefined || texts(login.for, pathTo('logins', n, 'for')).length > 0) &&
      !(login.unless !== undefined && texts(login.unless, pathTo('logins', n, 'unless')).includes('true')),
    oneOf: login.oneOf.flatMap((template, m) => texts(template, pathTo('logins', n, 'one-of', m))),
    for: login.for === undefined ? [] : texts(login.for, pathTo('logins', n, 'for')),
  }));
  const limit = measure('time', resources.time, DURATION);
  const disk = measure('disk', resources.disk, SIZE);
  const spec: Spec = {
    fields,
    unkeyed,
    pins: new Map(pins.map((name) => [name, scope.pins.get(name)])),
    reads,
    image: imageOf(image),
    secrets: sandbox.secrets.flatMap((name, n) => texts(name, pathTo('sandbox', 'secrets', n))),
    expose: new Map(expose),
    logins: logins
      .filter(({wanted, oneOf}) => wanted && oneOf.length > 0)
      .map(({oneOf, for: what}) => ({oneOf, for: what})),
    resources: {
      gpus: measure('gpus', resources.gpus, COUNT) ?? DEFAULTS.gpus,
      ...(gpuName === undefined ? {} : {gpuName}),
      cpus: measure('cpus', resources.cpus, POSITIVE_COUNT) ?? DEFAULTS.cpus,
      memoryMb: measure('memory', resources.memory, SIZE) ?? DEFAULTS.memoryMb,
      ...(disk === undefined ? {} : {diskMb: disk}),
      ...(limit === undefined ? {} : {seconds: limit}),
      graceSeconds: measure('grace', resources.grace, DURATION) ?? DEFAULTS.graceSeconds,
    },
    bounds: {
      processes: measure('processes', resources.processes, POSITIVE_COUNT) ?? DEFAULTS.processes,
      logMb: measure('log', resources.log, SIZE) ?? DEFAULTS.logMb,
    },
    uses: [...uses.values()],
    ...(usdPerHour === undefined ? {} : {usdPerHour}),
    retry: {
      backoffSeconds: measure('backoff', stage.retry.backoff, DURATION, 'retry') ?? 0,
      with: new Map(
        [...stage.retry.with].flatMap(([name, templates]) => {
          const values = templates.flatMap((template) => texts(template, pathTo('retry', 'with', name)));
          return values.length > 0 ? [[name, values] as const] : [];
        }),
      ),
    },
  };
  return unless(issues, () => spec);
}

type Measure = {readonly parse: (text: string) => number | undefined; readonly like: string};

const whole = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
/** timeout(1) takes 0 for no limit at all. */
const positive =
  (parse: Measure['parse']): Measure['parse'] =>
  (text) => {
    const value = parse(text);
    return value !== undefined && value > 0 && Number.isFinite(value) ? value : undefined;
  };

const COUNT: Measure = {parse: whole, like: '1'};
const POSITIVE_COUNT: Measure = {parse: positive(whole), like: '16'};
const SIZE: Measure = {parse: positive(megabytes), like: '128GB or 512MB'};
const MONEY: Measure = {parse: (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined), like: '2.5'};
const DURATION: Measure = {parse: positive(seconds), like: '10h, 90m or 30s'};
