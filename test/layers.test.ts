import {readdirSync, readFileSync} from 'node:fs';
import {join, posix} from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';
import {describe, expect, test} from 'vitest';
import {parse} from 'yaml';

/** DESIGN §9: imports point left only. */
const LAYERS = [
  'base',
  'config',
  'matrix',
  'graph',
  'plan',
  'sandbox',
  'executor',
  'store',
  'run',
  'score',
  'report',
  'cli',
] as const;

/** No file, clock or process in these; of `config` the files that read the project are left out. */
const PURE = /^src\/(base|config|matrix|graph|plan|sandbox|score)\//;
const READERS = [
  'src/config/compile-schemas.ts',
  'src/config/load-catalog.ts',
  'src/config/load-lock.ts',
  'src/config/load-stages.ts',
  'src/config/load.ts',
  'src/config/read.ts',
  'src/config/schemas.ts',
];
const IMPURE_MODULES =
  /^(node:)?(fs|fs\/promises|child_process|process|os|net|http|https|timers|timers\/promises)$|^execa$/;

const root = fileURLToPath(new URL('..', import.meta.url));

type Import = {readonly target: string; readonly kind: 'value' | 'type'};
type Source = {readonly file: string; readonly tree: ts.SourceFile; readonly imports: readonly Import[]};

const sources: readonly Source[] = readdirSync(join(root, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name}`)
  .sort()
  .map((file) => {
    const tree = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
    return {file, tree, imports: importsOf(tree)};
  });

/** Modules that a file imports in any way: static, type-only, re-exported, dynamic. */
function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (module: ts.Node | undefined, kind: Import['kind']): void => {
    if (module && ts.isStringLiteral(module)) found.push({target: module.text, kind});
  };
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'value');
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], 'value');
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type');
  });
  return found;
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** The file of ours that an import means. */
const resolve = (file: string, target: string): string =>
  posix.join(posix.dirname(file), target).replace(/\.js$/, '.ts');
const own = ({file, imports}: Source, kinds: readonly Import['kind'][] = ['value', 'type']): string[] =>
  imports
    .filter(({target, kind}) => target.startsWith('.') && kinds.includes(kind))
    .map(({target}) => resolve(file, target));
const layerOf = (file: string): number => LAYERS.findIndex((layer) => file.startsWith(`src/${layer}/`));

describe('the layers of src/', () => {
  test('every file lies in one of them, and imports something that is there', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.map(({file}) => file).filter((file) => layerOf(file) < 0)).toEqual([]);
    const files = new Set(sources.map(({file}) => file));
    expect(sources.flatMap((source) => own(source)).filter((target) => !files.has(target))).toEqual([]);
  });

  test('imports point left only', () => {
    const rightward = sources.flatMap((source) =>
      own(source)
        .filter((target) => layerOf(target) > layerOf(source.file))
        .map((target) => `${source.file} -> ${target}`),
    );
    expect(rightward).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    const targets = new Map(sources.map((source) => [source.file, own(source)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      if (done.has(file)) return;
      for (const target of targets.get(file) ?? []) walk(target, [...path, file]);
      done.add(file);
    };
    for (const {file} of sources) walk(file, []);
    expect(cycles).toEqual([]);
  });

  test('the pure ones reach for no file, clock or process', () => {
    const pure = sources.filter(({file}) => PURE.test(file) && !READERS.includes(file));
    expect(pure.length).toBeGreaterThan(20);
    const imports = pure.flatMap(({file, imports: targets}) =>
      targets.filter(({target}) => IMPURE_MODULES.test(target)).map(({target}) => `${file}: ${target}`),
    );
    const reads = pure.flatMap(({file, tree}) =>
      [...accesses(tree)]
        .filter((name) => /^(process\.|Date\.now$|Math\.random$|performance\.)/.test(name))
        .map((name) => `${file}: ${name}`),
    );
    expect([...imports, ...reads]).toEqual([]);
    const files = new Set(sources.map(({file}) => file));
    expect(READERS.filter((file) => !files.has(file))).toEqual([]); // a reader that went is no exception any more
  });

  test('the pure ones call no file that does', () => {
    const isPure = (file: string): boolean => PURE.test(file) && !READERS.includes(file);
    const wrong = sources
      .filter(({file}) => isPure(file))
      .flatMap((source) =>
        own(source, ['value'])
          .filter((target) => !isPure(target))
          .map((target) => `${source.file} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('only cli/ looks at the environment, the working directory, the streams and the arguments', () => {
    const wrong = sources
      .filter(({file}) => !file.startsWith('src/cli/'))
      .flatMap(({file, tree}) =>
        [...accesses(tree)]
          .filter((name) => /^process\.(env|cwd|argv|stdout|stderr|stdin|exit|exitCode)$|^console\./.test(name))
          .map((name) => `${file}: ${name}`),
      );
    // The build step that compiles schemas is a program of its own.
    expect(wrong.filter((line) => !line.startsWith('src/config/compile-schemas.ts'))).toEqual([]);
  });

  test('the engine names no agent, model, benchmark or stage of the pipeline', () => {
    const pipeline = parse(readFileSync(join(root, 'pipeline.yaml'), 'utf8')) as {
      matrix: Record<string, unknown>;
      profiles: Record<string, {matrix?: Record<string, unknown>}>;
    };
    const matrices = [pipeline.matrix, ...Object.values(pipeline.profiles).map(({matrix}) => matrix ?? {})];
    const values = matrices.flatMap(({agent, model, benchmark}) => [agent, model, benchmark].flat()) as string[];
    const folders = (parent: string): string[] =>
      readdirSync(join(root, parent), {withFileTypes: true})
        .filter((entry) => entry.isDirectory())
        .map(({name}) => name);
    const names = new Set([...values, ...folders('agents'), ...folders('evals')].filter(Boolean));
    expect(names.size).toBeGreaterThan(15);
    // `environment` is also what a process has, and `audit` is a command.
    const stages = new Set(folders('stages').filter((stage) => !['environment', 'audit'].includes(stage)));

    const wrong = sources
      .filter(({file}) => !/^src\/(score|report)\/|^src\/config\/score\.ts$/.test(file)) // these render scores
      .flatMap(({file, tree}) => {
        const found: string[] = [];
        visit(tree, (node) => {
          const parts = literalOf(node)?.split('/') ?? [];
          if (parts.some((part) => names.has(part)) || stages.has(parts[0] ?? ''))
            found.push(`${file}: ${JSON.stringify(parts.join('/'))}`);
        });
        return found;
      });
    expect(wrong).toEqual([]);
  });
});

/** The text of a literal that is no module's name. */
function literalOf(node: ts.Node): string | undefined {
  if (ts.isSourceFile(node) || ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent))
    return undefined;
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) ? node.text : undefined;
}

/** `a.b` for every property that is read of a plain name, and `new Date()` as `Date.now`. */
function accesses(tree: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  visit(tree, (node) => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression))
      found.add(`${node.expression.text}.${node.name.text}`);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
      found.add('Date.now');
    // const {env} = process
    if (
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer &&
      ts.isIdentifier(node.initializer)
    )
      for (const {propertyName, name} of node.name.elements)
        found.add(`${node.initializer.text}.${(propertyName ?? name).getText()}`);
  });
  return found;
}
