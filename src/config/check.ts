import {basename} from 'node:path';
import type {Argv} from '../base/argv.js';
import type {Issue} from '../base/issue.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {checkCycles} from './cycles.js';
import type {LoadedStages} from './load-stages.js';
import {placeOf, pointer} from './located.js';
import type {Files} from './read.js';
import {PINS_FILE, type Need, type Stage} from './stage.js';

/** Mistakes that only show when the stages are seen together, or beside their files. `axes`, where they are known. */
export const checkStages = (
  stages: LoadedStages,
  axes: readonly string[] | undefined,
  files: Files,
): readonly Issue[] => [
  ...stages.used.flatMap((stage) => [
    ...(axes ? checkAxes(stage, axes) : []),
    ...checkNeeds(stage, stages),
    ...checkScripts(stage, files),
    ...checkDoctor(stage, files),
    ...checkOutputs(stage),
    ...checkVariables(stage),
    ...checkPins(stage),
  ]),
  ...checkCycles(stages.used),
];

const checkAxes = (stage: Stage, axes: readonly string[]): Issue[] =>
  stage.for.flatMap((axis, n): Issue[] =>
    axes.includes(axis)
      ? []
      : [
          {
            code: 'unknown-axis',
            message: `stage "${stage.name}" is for axis ${quoted(axis)}, which the matrix does not have`,
            at: placeOf(stage.source, pointer('/for', n)),
            hint: suggest(axis, axes),
          },
        ],
  );

const checkDoctor = ({name, doctor, source, ...stage}: Stage, files: Files): Issue[] => {
  const wrong = (doctor?.for ?? []).findIndex((axis) => !stage.for.includes(axis));
  const scripts = (doctor?.run ?? []).flatMap((word, n) =>
    SCRIPT.test(word) && !files.isFile(`${stage.dir}/${word}`) ? [{word, n}] : [],
  );
  return [
    ...(wrong < 0
      ? []
      : [
          {
            code: 'unknown-axis',
            message: `the doctor of stage "${name}" is for axis ${quoted(doctor!.for[wrong]!)}, which the stage is not`,
            at: placeOf(source, pointer('/doctor/for', wrong)),
            hint: suggest(doctor!.for[wrong]!, stage.for),
          } as const,
        ]),
    ...scripts.map(({word, n}): Issue => ({
      code: 'missing-file',
      message: `the doctor of stage "${name}" is ${stage.dir}/${word}, which does not exist`,
      at: placeOf(source, pointer('/doctor/run', n)),
      hint: 'it is named doctor.sh or doctor.py, so that an edit to it runs no step again',
    })),
  ];
};

const checkNeeds = (stage: Stage, {used, leftOut, broken}: LoadedStages): Issue[] =>
  stage.needs.flatMap((need, n): Issue[] => {
    const upstream = used.find(({name}) => name === need.stage);
    if (broken.includes(need.stage)) return [];
    // What may fail may as well be left out.
    if (!upstream && need.optional && leftOut.includes(need.stage)) return [];
    if (!upstream) return [unknownNeed(stage, need, n, used, leftOut)];
    const isAgain = stage.needs.findIndex(({stage: other}) => other === need.stage) < n;
    const twice = `stage "${stage.name}" needs "${need.stage}" twice`;
    const outputs = upstream.outputs.map(({path}) => basename(path));
    return [
      ...(isAgain ? [{code: 'clash', message: twice, at: need.at, hint: 'remove one of the two'} as const] : []),
      ...(need.take ?? []).flatMap((name, m): Issue[] =>
        outputs.includes(name)
          ? []
          : [
              {
                code: 'unknown-value',
                message: `stage "${stage.name}" takes ${quoted(name)}, which is no output of "${need.stage}"`,
                at: placeOf(stage.source, pointer(`${pointer('/needs', n)}/take`, m)),
                hint: suggest(name, outputs),
              },
            ],
      ),
    ];
  });

function unknownNeed(stage: Stage, need: Need, n: number, used: readonly Stage[], leftOut: readonly string[]): Issue {
  const isLeftOut = leftOut.includes(need.stage);
  return {
    code: 'unknown-stage',
    message: `stage "${stage.name}" needs ${quoted(need.stage)}, ${isLeftOut ? 'which is left out' : 'but there is no such stage'}`,
    at: placeOf(stage.source, `${pointer('/needs', n)}/stage`),
    hint: isLeftOut
      ? `remove "use: false" from ${need.stage}, or this need`
      : suggest(
          need.stage,
          used.map(({name}) => name),
        ),
  };
}

const SCRIPT = /^[\w./-]+\.(?:sh|bash|py|js|mjs|ts|rb|pl|R)$/;
const INTERPRETER = /^(?:.*\/)?(?:bash|sh|dash|zsh|python[\d.]*|node|ruby|perl|Rscript)$/;

function checkScripts(stage: Stage, files: Files): Issue[] {
  if (!stage.prepare && !stage.run) {
    const at = placeOf(stage.source, '');
    const message = `stage "${stage.name}" has neither "prepare" nor "run"`;
    return [{code: 'bad-shape', message, at, hint: 'for instance run: [bash, run.sh]'}];
  }
  return [...checkScript(stage, 'prepare', stage.prepare, files), ...checkScript(stage, 'run', stage.run, files)];
}

function checkScript(stage: Stage, key: 'prepare' | 'run', argv: Argv | undefined, files: Files): Issue[] {
  if (!argv) return [];
  const at = (n: number) => placeOf(stage.source, pointer(`/${key}`, n));
  const lookUp = argv.findIndex((word) => word.includes('${{'));
  if (lookUp >= 0) {
    return [
      {
        code: 'bad-value',
        message: 'look-ups are not filled in here',
        at: at(lookUp),
        hint: 'a script reads its parameters from $PTB_<AXIS> and $PTB_<AXIS>_<FIELD>',
      },
    ];
  }
  const n = INTERPRETER.test(argv[0]) ? argv.findIndex((word, m) => m > 0 && !word.startsWith('-')) : 0;
  const word = argv[n];
  if (word === undefined) return [];
  const file = `${stage.dir}/${word.replace(/^\.\//, '')}`;
  if (stage.files.includes(file)) {
    if (n > 0 || files.isExecutable(file)) return [];
    const hint = `chmod +x ${files.shown(file)}, or name its interpreter: ${key}: [bash, ${word}]`;
    return [{code: 'bad-value', message: `${file} is not executable`, at: at(n), hint}];
  }
  if (!SCRIPT.test(word) || word.startsWith('/')) return [];
  const missing = !word.split('/').includes('..');
  return [
    {
      code: 'missing-file',
      message: missing
        ? `stage "${stage.name}" runs ${file}, which does not exist`
        : `stage "${stage.name}" runs ${word}, which is outside of its folder`,
      at: at(n),
      hint: missing
        ? suggest(
            word,
            stage.files.map((known) => known.slice(stage.dir.length + 1)),
          )
        : 'copy it into the folder, or name it under "reads" and call it from a script of the folder',
    },
  ];
}

const checkOutputs = (stage: Stage): Issue[] =>
  stage.outputs.flatMap((output, n) => {
    const path = pointer('/outputs', output.name);
    const earlier = stage.outputs.slice(0, n).find((other) => basename(other.path) === basename(output.path));
    const issues: Issue[] = [];
    if (earlier) {
      issues.push({
        code: 'clash',
        message: `outputs ${quoted(earlier.name)} and ${quoted(output.name)} both end in ${quoted(basename(output.path))}`,
        at: placeOf(stage.source, path, 'key'),
        hint: 'downstream steps find outputs by that name; rename one',
        see: [{at: placeOf(stage.source, pointer('/outputs', earlier.name), 'key'), message: 'the first one'}],
      });
    }
    if (output.schema !== undefined && !stage.files.includes(`${stage.dir}/${output.schema}`)) {
      issues.push({
        code: 'missing-file',
        message: `output ${quoted(output.name)} names the schema ${stage.dir}/${output.schema}, which does not exist`,
        at: placeOf(stage.source, `${path}/schema`),
        hint: suggest(
          output.schema,
          stage.files.filter((file) => file.endsWith('.json')).map((file) => file.slice(stage.dir.length + 1)),
        ),
      });
    }
    return issues;
  });

const checkPins = (stage: Stage): Issue[] =>
  stage.pins.length === 0 || stage.outputs.some(({path}) => basename(path) === PINS_FILE)
    ? []
    : [
        {
          code: 'bad-shape',
          message: `stage "${stage.name}" pins names and has no output ${PINS_FILE}`,
          at: placeOf(stage.source, '/pins', 'key'),
          hint: `add to its outputs: pins: {path: ${PINS_FILE}, optional: true}`,
        },
      ];

/** The variable under which a script finds an axis value, a field or an input. */
export const variable = (name: string): string => `PTB_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

const checkVariables = (stage: Stage): Issue[] => {
  const seen = new Map(stage.for.map((axis) => [variable(axis), axis]));
  return stage.fields.flatMap(({text: path}, n): Issue[] => {
    const field = path.replace(/\?$/, '');
    const earlier = seen.get(variable(field));
    seen.set(variable(field), field);
    if (earlier === undefined || earlier === field) return [];
    return [
      {
        code: 'clash',
        message: `${earlier} and ${field} would both be handed over as $${variable(field)}`,
        at: placeOf(stage.source, pointer('/fields', n)),
        hint: 'rename one of them',
      },
    ];
  });
};
