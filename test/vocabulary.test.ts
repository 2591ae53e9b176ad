import {readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import ts from 'typescript';
import {describe, expect, test} from 'vitest';

/** DESIGN §1: one word per concept. What the word replaces, and where the other one may stand with a meaning of its own. */
const NEVER: Readonly<Record<string, {readonly ours: string; readonly except?: readonly RegExp[]}>> = {
  combo: {ours: 'cell'},
  combination: {ours: 'cell', except: [/^pipeline\.yaml/]},
  // What an agent is given, and where it lies; a stage, a step or a job is none.
  task: {ours: 'stage, step or job'},
  rule: {ours: 'stage'},
  // Documents have nodes, and node is a program.
  node: {
    ours: 'step',
    except: [/^src\/config\//, /^src\/run\/doctor\/machine\.ts/, /^src\/report\/graph\.ts/, /'node:|nodejs/],
  },
  fingerprint: {ours: 'key'},
  hash: {ours: 'key or digest'},
  retries: {ours: 'attempts'},
  trial: {ours: 'attempt'},
  'exit status': {ours: 'outcome'},
  'cache entry': {ours: 'result'},
  backend: {ours: 'executor'},
  runner: {ours: 'executor'},
  // An image is one before it runs.
  container: {ours: 'sandbox', except: [/containers\//, /container engine/]},
  preset: {ours: 'profile'},
  // The matrix as a whole is one.
  experiment: {ours: 'run', except: [/experiment[- ]matrix/]},
  metric: {ours: 'score'},
};

const root = fileURLToPath(new URL('..', import.meta.url));

/** `stepStatus`, `step-status` and `step_status` as `step status`. */
const words = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/[^A-Za-z0-9]+/g, ' ')
    .toLowerCase();

/** Every use of a word that we have another one for, as `where: text (say …)`. */
const misnamed = (found: readonly {readonly where: string; readonly text: string}[]): string[] =>
  found.flatMap(({where, text}) =>
    Object.entries(NEVER)
      .filter(([word, {except = []}]) => {
        const plain = except.reduce((rest, allowed) => rest.replace(new RegExp(allowed, 'g'), ''), text);
        if (except.some((allowed) => allowed.test(where))) return false;
        return (
          new RegExp(`\\b${word}\\b`).test(words(plain)) ||
          (word !== 'metric' && new RegExp(`\\b${word}s\\b`).test(words(plain)))
        );
      })
      .map(([word, {ours}]) => `${where}: ${text.trim()} (not "${word}": ${ours})`),
  );

const files = (folder: string, end: RegExp): string[] =>
  readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => end.test(name) && !name.includes('__pycache__'))
    .map((name) => `${folder}/${name}`);

const sources = files('src', /\.ts$/).map((file) => ({
  file,
  tree: ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true),
}));

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** Names that other files see: types, classes, functions, constants, and the members of types and classes. */
function declared(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    const isMember = ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isMethodDeclaration(node);
    const isTop =
      ts.isTypeAliasDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      (ts.isVariableDeclaration(node) && node.parent.parent.parent === tree);
    if ((isMember || isTop) && node.name) found.push(node.name.getText());
  });
  return found;
}

/** Texts that a person may read: they have a space, or are a whole sentence's part in a template. */
function messages(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    if (
      (ts.isStringLiteral(node) ||
        ts.isNoSubstitutionTemplateLiteral(node) ||
        ts.isTemplateHead(node) ||
        ts.isTemplateMiddle(node) ||
        ts.isTemplateTail(node)) &&
      node.text.includes(' ')
    )
      found.push(node.text);
  });
  return found;
}

/** Names of properties that a JSON Schema describes, and the words that an enum admits. */
function schemaWords(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(schemaWords);
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) => [
    ...(key === 'properties' && typeof inner === 'object' && inner !== null ? Object.keys(inner) : []),
    ...(key === 'enum' && Array.isArray(inner) ? inner.filter((word): word is string => typeof word === 'string') : []),
    ...(key === 'description' && typeof inner === 'string' ? [inner] : []),
    ...schemaWords(inner),
  ]);
}

describe('one word per concept (DESIGN §1)', () => {
  test('in the names of files', () => {
    const names = [...files('src', /./), ...files('schemas', /./), ...files('stages', /\.(sh|py|yaml)$/)];
    expect(names.length).toBeGreaterThan(80);
    expect(misnamed(names.map((file) => ({where: file, text: basename(file)})))).toEqual([]);
  });

  test('in types, functions and their members', () => {
    const names = sources.flatMap(({file, tree}) => declared(tree).map((text) => ({where: file, text})));
    expect(names.length).toBeGreaterThan(500);
    expect(misnamed(names)).toEqual([]);
  });

  test('in the keys of YAML and of what --json prints', () => {
    const names = files('schemas', /\.json$/).flatMap((file) =>
      schemaWords(JSON.parse(readFileSync(join(root, file), 'utf8'))).map((text) => ({where: file, text})),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(misnamed(names)).toEqual([]);
  });

  test('in messages', () => {
    // The job's script is bash, not prose.
    const texts = sources
      .filter(({file}) => !file.startsWith('src/executor/job-'))
      .flatMap(({file, tree}) => messages(tree).map((text) => ({where: file, text})));
    expect(texts.length).toBeGreaterThan(200);
    expect(misnamed(texts)).toEqual([]);
  });

  test('in --help, of every command', async () => {
    const help = async (...command: string[]): Promise<{where: string; text: string}[]> => {
      const {stdout} = await execa(process.execPath, [join(root, 'dist/cli/main.js'), ...command, '--help']);
      const listed = /\nCommands:\n([^]*)$/.exec(stdout)?.[1] ?? '';
      const inner = [...listed.matchAll(/^ {2}([a-z-]+)/gm)]
        .map((match) => match[1]!)
        .filter((name) => name !== 'help');
      const lines = stdout.split('\n').map((text) => ({where: `ptb ${command.join(' ')} --help`, text}));
      const below = await Promise.all(inner.map((name) => help(...command, name)));
      return [...lines, ...below.flat()];
    };
    const lines = await help();
    expect(new Set(lines.map(({where}) => where)).size).toBeGreaterThan(8);
    expect(misnamed(lines)).toEqual([]);
  });
});

test('the check itself sees what it is for, and lets other meanings be', () => {
  const say = (text: string, where = 'src/run/x.ts'): string[] => misnamed([{where, text}]);
  expect(say('runTask')).toEqual(['src/run/x.ts: runTask (not "task": stage, step or job)']);
  for (const wrong of [
    'TaskRunner',
    'job_hash',
    'step-nodes',
    'retries left',
    'the cache entry',
    'exitStatus',
    'metric',
  ])
    expect(say(wrong), wrong).not.toEqual([]);
  for (const right of [
    'the experiment matrix',
    'metrics.json',
    'containers/smoke.txt',
    'retry',
    'multitasking',
    'hashed',
  ])
    expect(say(right), right).toEqual([]);
  expect(say('nodeAt', 'src/config/yaml.ts')).toEqual([]);
});
