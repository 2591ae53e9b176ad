import {ok, type Issue, type Place, type Result} from '../base/issue.js';
import {isObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {descend, merge, placeOf, pointer, type Located} from './located.js';
import {STAGE_NAME} from './names.js';
import type {Files} from './read.js';
import {schema} from './schemas.js';
import {checkShape} from './shape.js';
import {stageOf, type Stage} from './stage.js';

export type LoadedStages = {
  readonly used: readonly Stage[];
  /** Stages that the pipeline leaves out with `use: false`. */
  readonly leftOut: readonly string[];
  /** Stages with mistakes of their own. */
  readonly broken: readonly string[];
  readonly issues: readonly Issue[];
};

/** Every `stages/<name>/stage.yaml`, with the pipeline's overlay. */
export function loadStages(source: Located, files: Files): LoadedStages {
  const folders = files.list('stages');
  const known = folders.filter((name) => files.isFile(`stages/${name}/stage.yaml`));
  const overlays = descend(source, 'stages')?.value;
  const issues: Issue[] = folders.flatMap((name) => misnamed(name, known, files));
  if (known.length === 0 && issues.length === 0) {
    issues.push({
      code: 'missing-file',
      message: `there is no ${files.shown('stages')}/*/stage.yaml`,
      at: placeOf(source, ''),
      hint: 'a pipeline stands beside its folders stages/, agents/ and evals/',
    });
  }
  for (const name of known.length === 0 ? [] : Object.keys(isObject(overlays) ? overlays : {})) {
    if (known.includes(name)) continue;
    const at = placeOf(source, pointer('/stages', name), 'key');
    issues.push({code: 'unknown-stage', message: `there is no stage ${quoted(name)}`, at, hint: suggest(name, known)});
  }
  const used: Stage[] = [];
  const leftOut: string[] = [];
  const broken: string[] = [];
  for (const name of known) {
    const stage = loadStage(name, source, files);
    if (!stage.ok) {
      issues.push(...stage.issues);
      broken.push(name);
    } else if (stage.value === 'left-out') leftOut.push(name);
    else used.push(stage.value);
  }
  return {used, leftOut, broken, issues};
}

function loadStage(name: string, source: Located, files: Files): Result<Stage | 'left-out'> {
  const path = `stages/${name}/stage.yaml`;
  const declared = files.yaml(path, startOf(files.shown(path)));
  if (!declared.ok) return declared;
  const over = descend(source, 'stages', name);
  const merged = over && isObject(over.value) ? merge(declared.value, over) : declared.value;
  if (isObject(merged.value) && merged.value.use === false) return ok('left-out');
  const shaped = checkShape(merged, schema('stage')!, path);
  return shaped.ok ? ok(stageOf(name, `stages/${name}`, scriptsOf(`stages/${name}`, files), merged)) : shaped;
}

const startOf = (file: string): Place => ({file, line: 1, column: 1});

function misnamed(name: string, known: readonly string[], files: Files): Issue[] {
  if (known.includes(name)) {
    if (STAGE_NAME.pattern.test(name)) return [];
    return [
      {
        code: 'bad-value',
        message: `a stage cannot be named ${quoted(name)}`,
        at: startOf(files.shown(`stages/${name}/stage.yaml`)),
        hint: `rename the folder: ${STAGE_NAME.inWords}`,
      },
    ];
  }
  const file = `stages/${name}/stage.yml`;
  if (!files.isFile(file)) return [];
  const message = `${files.shown(file)} is not read`;
  return [{code: 'missing-file', message, at: startOf(files.shown(file)), hint: 'rename it to stage.yaml'}];
}

const NO_SCRIPTS = /^\.|^(?:__pycache__|tests|stage\.yaml|doctor\.\w+)$|\.md$|^test_.*\.py$/;

/** What a stage's scripts consist of. Prose, tests and what `ptb doctor` runs may change without a step running again. */
const scriptsOf = (dir: string, files: Files): string[] =>
  files.below(dir).filter(
    (file) =>
      !file
        .slice(dir.length + 1)
        .split('/')
        .some((part) => NO_SCRIPTS.test(part)),
  );
