import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, dirname, join, relative, resolve} from 'node:path';
import {all, fail, ok, type Issue, type Place, type Result} from '../base/issue.js';
import {isObject, member, type Json, type JsonObject} from '../base/json.js';
import {byCodeUnit} from '../base/canonical.js';
import {suggest} from '../base/suggest.js';
import {checkStages} from './check.js';
import {descend, merge, placeOf, pointer, type Located} from './located.js';
import {matrixOf} from './matrix.js';
import type {MatrixSettings, Pipeline, SandboxSettings} from './pipeline.js';
import {schema} from './schemas.js';
import {scoreOf} from './score.js';
import {applySets, SET_FILE} from './set.js';
import {checkShape} from './shape.js';
import {stageOf, type Stage} from './stage.js';
import {parseYaml} from './yaml.js';

export type Request = {
  readonly file: string;
  readonly profiles: readonly string[];
  readonly sets: readonly string[];
  /** `${{ ptb.version }}`. */
  readonly version: string;
};

export type Loaded = {
  readonly pipeline: Result<Pipeline>;
  /** The texts that issues point into, by the name that the issue gives. */
  readonly sources: ReadonlyMap<string, string>;
};

/** Reads pipeline.yaml and all that it names. Reports every mistake that can be seen at once. */
export function load(request: Request): Loaded {
  const root = resolve(dirname(request.file));
  const sources = new Map<string, string>([
    [SET_FILE, request.sets.join('\n')],
    ['--profile', request.profiles.join('\n')],
  ]);
  const read = (file: string, shown: string, at?: Place): Result<Located> => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message;
      return fail({
        code: 'missing-file',
        message: `${shown} ${reason}`,
        at: at ?? {file: shown, line: 1, column: 1},
        ...(at ? {} : {hint: 'name the pipeline with -f FILE, or change into its folder'}),
      });
    }
    sources.set(shown, text);
    return parseYaml(shown, text);
  };
  return {pipeline: assemble(request, root, read), sources};
}

type Read = (file: string, shown: string, at?: Place) => Result<Located>;

function assemble(request: Request, root: string, read: Read): Result<Pipeline> {
  const written = read(resolve(request.file), request.file);
  if (!written.ok) return written;
  const overlaid = overlay(written.value, request);
  if (!overlaid.ok) return overlaid;
  const source = overlaid.value;
  const shaped = checkShape(source, schema('pipeline')!, 'the pipeline');
  const matrix = shaped.ok ? matrixOf(source) : undefined;
  const stages = loadStages(root, source, read);
  const catalog = matrix?.ok ? loadCatalog(root, source, matrix.value, read) : undefined;
  const together =
    matrix?.ok && stages.ok
      ? checkStages(stages.value, [...matrix.value.axes.keys()], (file) => isExecutable(join(root, file)))
      : [];
  const issues = [shaped, matrix, stages, catalog].flatMap((part) => (!part || part.ok ? [] : part.issues));
  if (issues.length > 0 || together.length > 0) return {ok: false, issues: [...issues, ...together]};
  if (!matrix?.ok || !catalog?.ok || !stages.ok) throw new Error('internal: a failed part without an issue');

  const document = source.value as JsonObject;
  const settings = Object.fromEntries(
    Object.entries(document).filter(
      ([key]) => !['matrix', 'catalog', 'stages', 'profiles', 'executor', 'sandbox'].includes(key),
    ),
  );
  return ok({
    name: String(document.name),
    root,
    matrix: matrix.value,
    catalog: catalog.value,
    settings: {...settings, ptb: {version: request.version}},
    stages: stages.value,
    executor: {use: 'local', ...(isObject(document.executor) ? document.executor : {})},
    sandbox: sandboxOf(document.sandbox),
    score: scoreOf(document.score),
    source,
  });
}

const sandboxOf = (value: Json | undefined): SandboxSettings => ({
  use: (member(value, 'use') ?? 'bwrap') as SandboxSettings['use'],
  expose: (member(value, 'expose') ?? []) as unknown as readonly string[],
});

function overlay(written: Located, request: Request): Result<Located> {
  const profiles = descend(written, 'profiles');
  const known = isObject(profiles?.value) ? Object.keys(profiles.value) : [];
  const overlays = all(
    request.profiles.map((profile, n): Result<Located> => {
      const found = descend(written, 'profiles', profile);
      if (found && isObject(found.value)) return ok(found);
      return fail({
        code: 'unknown-profile',
        message: `there is no profile "${profile}"`,
        at: {file: '--profile', line: n + 1, column: 1},
        hint: suggest(profile, known),
      });
    }),
  );
  return overlays.ok ? applySets(overlays.value.reduce(merge, written), request.sets) : overlays;
}

function loadStages(root: string, source: Located, read: Read): Result<Stage[]> {
  const dir = join(root, 'stages');
  const known = existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => existsSync(join(dir, name, 'stage.yaml')))
        .sort(byCodeUnit)
    : [];
  const overlays = descend(source, 'stages');
  const issues: Issue[] = Object.keys(isObject(overlays?.value) ? overlays.value : {})
    .filter((name) => !known.includes(name))
    .map((name) => ({
      code: 'unknown-stage',
      message: `there is no stages/${name}/stage.yaml`,
      at: placeOf(source, pointer('/stages', name), 'key'),
      hint: suggest(name, known),
    }));
  if (known.length === 0) {
    issues.push({
      code: 'missing-file',
      message: 'no stages/*/stage.yaml beside the pipeline',
      at: placeOf(source, ''),
      hint: 'a pipeline stands beside its folders stages/, agents/ and evals/',
    });
  }
  const stages = all(
    known.map((name): Result<Stage[]> => {
      const file = `stages/${name}/stage.yaml`;
      const declared = read(join(root, file), file);
      if (!declared.ok) return declared;
      const over = descend(source, 'stages', name);
      const merged = over && isObject(over.value) ? merge(declared.value, over) : declared.value;
      if (isObject(merged.value) && merged.value.use === false) return ok([]);
      const shaped = checkShape(merged, schema('stage')!, file);
      return shaped.ok ? ok([stageOf(name, `stages/${name}`, scriptsOf(root, `stages/${name}`), merged)]) : shaped;
    }),
  );
  const all_ = [...issues, ...(stages.ok ? [] : stages.issues)];
  return all_.length > 0 || !stages.ok ? {ok: false, issues: all_} : ok(stages.value.flat());
}

/** What a stage's scripts consist of. Prose and tests may change without a step running again. */
function scriptsOf(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), {withFileTypes: true, recursive: true})
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => {
      const below = file.slice(dir.length + 1).split('/');
      return !below.some(
        (part) =>
          part.startsWith('.') ||
          part === '__pycache__' ||
          part === 'tests' ||
          part === 'stage.yaml' ||
          /\.md$|^test_.*\.py$/.test(part),
      );
    })
    .sort(byCodeUnit);
}

const isExecutable = (file: string): boolean => (statSync(file).mode & 0o111) !== 0;

function loadCatalog(root: string, source: Located, matrix: MatrixSettings, read: Read): Result<Pipeline['catalog']> {
  const document = source.value as JsonObject;
  const issues: Issue[] = Object.keys(isObject(document.catalog) ? document.catalog : {})
    .filter((axis) => !matrix.axes.has(axis))
    .map((axis) => ({
      code: 'unknown-axis',
      message: `the catalog describes axis "${axis}", which the matrix does not have`,
      at: placeOf(source, pointer('/catalog', axis), 'key'),
      hint: suggest(axis, [...matrix.axes.keys()]),
    }));
  const catalog = new Map<string, ReadonlyMap<string, JsonObject>>();
  for (const [axis, values] of matrix.axes) {
    const fields = all(values.map((value, n) => fieldsOf(root, source, axis, value, n, read)));
    if (fields.ok) catalog.set(axis, new Map(values.map((value, n) => [value, fields.value[n]!])));
    else issues.push(...fields.issues);
  }
  return issues.length > 0 ? {ok: false, issues} : ok(catalog);
}

function fieldsOf(
  root: string,
  source: Located,
  axis: string,
  value: string,
  n: number,
  read: Read,
): Result<JsonObject> {
  const catalog = member(member(source.value, 'catalog'), axis);
  const at = placeOf(source, pointer(`/matrix/${axis}`, n));
  const from = member(catalog, 'from');
  const entry = descend(source, 'catalog', axis, value);
  if (typeof from !== 'string') {
    if (isObject(catalog) && !entry) {
      const message = `the catalog of axis "${axis}" has no "${value}"`;
      return fail({code: 'unknown-value', message, at, hint: suggest(value, Object.keys(catalog))});
    }
    return ok({use: value, ...(isObject(entry?.value) ? entry.value : {})});
  }
  const used = member(entry?.value, 'use');
  const use = used === undefined ? value : String(used);
  const kind = basename(from).replace(/s$/, '');
  const file = `${from}/${use}/${kind}.yaml`;
  const folders = existsSync(join(root, from))
    ? readdirSync(join(root, from)).filter((name) => existsSync(join(root, from, name, `${kind}.yaml`)))
    : [];
  if (!existsSync(join(root, file))) {
    const where = used === undefined ? at : placeOf(source, `${pointer(pointer('/catalog', axis), value)}/use`);
    return fail({
      code: 'missing-file',
      message: `${axis} "${value}" needs ${file}, which does not exist`,
      at: where,
      hint: suggest(use, folders),
    });
  }
  const declared = read(join(root, file), file);
  if (!declared.ok) return declared;
  const merged = entry ? merge(declared.value, entry) : declared.value;
  const validate = schema(kind);
  const shaped = validate ? checkShape(merged, validate, file) : ok(merged);
  return shaped.ok ? ok({...(merged.value as JsonObject), use}) : shaped;
}
