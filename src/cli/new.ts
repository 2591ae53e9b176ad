import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {stringify} from 'yaml';
import {quote} from '../base/argv.js';
import {isObject, member} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {loadWritten} from '../config/load.js';
import {placeOf, pointer, type Located} from '../config/located.js';
import {nearestName, STAGE_NAME, VALUE_NAME, type Naming} from '../config/names.js';
import {drawIssues} from '../report/issues.js';
import {printableLine} from '../report/style.js';
import {EXIT, type Terminal} from './terminal.js';

export type Kind = 'agent' | 'eval' | 'stage';

/** What every template has in the place of the name. */
const NAME = '__NAME__';
const TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));

type Form = {
  /** Where the folders of this kind lie in a project. */
  readonly home: string;
  readonly naming: Naming;
  /** What it does as it is made. */
  readonly does: string;
  /** Where a person goes on. */
  readonly edit: string;
};

const FORMS: Readonly<Record<Kind, Form>> = {
  agent: {home: 'agents', naming: VALUE_NAME, does: 'hands in the base model as it is', edit: 'solve.sh'},
  eval: {home: 'evals', naming: VALUE_NAME, does: 'asks tiny models for words backwards', edit: 'make_data.py'},
  stage: {home: 'stages', naming: STAGE_NAME, does: 'is one step that writes report.json', edit: 'run.sh'},
};

export type NewOptions = {readonly file: string};

/** Makes a folder that is complete and runs as it is. Never writes into one that is there. */
export function newCommand(kind: Kind, name: string, {file}: NewOptions, terminal: Terminal): number {
  const {home, naming, does, edit} = FORMS[kind];
  const hint = (text: string): string => `  ${terminal.paintErr('blue', 'hint')}: ${printableLine(text)}\n`;
  if (!naming.pattern.test(name)) {
    const near = nearestName(name, naming);
    terminal.err(printableLine(`${kind} cannot be named ${quoted(name)}; nothing was made`) + '\n');
    terminal.err(hint(`${near === undefined ? '' : `did you mean ${quoted(near)}? `}a name is ${naming.inWords}`));
    return EXIT.badInput;
  }
  const {written, sources} = loadWritten(file);
  if (!written.ok) {
    terminal.err(drawIssues(written.issues, sources, terminal.paintErr));
    return EXIT.badInput;
  }
  const folder = join(dirname(file), home, name);
  if (!claim(folder)) {
    terminal.err(`${folder} is there already; nothing was made\n`);
    terminal.err(hint('choose another name, or edit what is there'));
    return EXIT.badInput;
  }
  for (const path of fill(folder, join(TEMPLATES, kind), name)) terminal.out(`${path}\n`);
  const next = kind === 'stage' ? nextOfStage(name, file) : nextOfValue(written.value, home, name, file);
  terminal.err(
    [`${folder} runs as it is: it ${does}. Next:`, `edit   ${join(folder, edit)}`, ...next].join('\n  ') + '\n',
  );
  return EXIT.done;
}

/** Makes the folder; false when something has that name. One call, so that two callers cannot both be told that it was free. */
function claim(folder: string): boolean {
  mkdirSync(dirname(folder), {recursive: true});
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Writes a template's files into a folder; answers their paths. */
const fill = (folder: string, template: string, name: string): string[] =>
  readdirSync(template)
    .filter((entry) => statSync(join(template, entry)).isFile())
    .sort()
    .map((entry) => {
      const from = join(template, entry);
      const to = join(folder, entry);
      writeFileSync(to, readFileSync(from, 'utf8').replaceAll(NAME, name), {
        flag: 'wx',
        mode: statSync(from).mode & 0o777,
      });
      return to;
    });

/** The options by which a command finds this pipeline again. */
const flag = (file: string): string => (file === 'pipeline.yaml' ? '' : ` -f ${quote(file)}`);

const nextOfStage = (name: string, file: string): string[] => [
  `add    nothing: each folder in stages/ is part of ${file}; to leave it out: stages: {${name}: {use: false}}`,
  `check  ptb pipeline validate${flag(file)}`,
  `run    ptb pipeline run${flag(file)} --until ${name}`,
];

/** What makes a folder a value of the axis whose fields come from there. */
function nextOfValue(pipeline: Located, home: string, name: string, file: string): string[] {
  const axes = Object.entries(member(pipeline.value, 'matrix') ?? {}).filter(([, values]) => Array.isArray(values));
  const found = axes.find(([axis]) => member(member(member(pipeline.value, 'catalog'), axis), 'from') === home);
  if (!found || !isObject(pipeline.value)) {
    const axis = home.replace(/s$/, '');
    return [
      `add    an axis that takes its fields from ${home}/ to ${file}: matrix: {${axis}: [${name}]}, catalog: {${axis}: {from: ${home}}}`,
      `check  ptb pipeline validate${flag(file)}`,
    ];
  }
  const [axis, listed] = found as [string, unknown[]];
  const {line} = placeOf(pipeline, pointer('/matrix', axis), 'key');
  if (listed.map(String).includes(name))
    return [`add    nothing: ${file}:${line} names it`, `check  ptb pipeline validate${flag(file)}`];
  const values = [...listed, name].map(inYaml);
  return [
    `add    it to the matrix, ${file}:${line}: ${axis}: [${values.join(', ')}]`,
    `check  ptb pipeline validate${flag(file)} --set ${quote(`matrix.${axis}=[${inYaml(name)}]`)}`,
  ];
}

/** As YAML reads it again: the texts `true` and `1.0` need quotes. */
const inYaml = (value: unknown): string => stringify(value, {lineWidth: 0}).trim();
