import {Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type Document, type Node} from 'yaml';
import {unless, type Issue, type Place, type Result} from '../base/issue.js';
import {asText, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {pointer, type Located, type NodePlace} from './located.js';
import {syntaxIssues} from './yaml-syntax.js';

/** More nodes than any matrix needs; an alias bomb passes it at once. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 64;

/** The parser recurses over what its stack held, up to two entries a level, and would take the process down. */
const MAX_STACK = 4 * MAX_DEPTH;

type PlaceAt = (offset: number) => Place;

/** One YAML 1.2 document as plain data with places. An empty document is an empty map. */
export function parseYaml(file: string, text: string): Result<Located> {
  return parseAt({file, line: 1, column: 1}, text);
}

/** A value as it is typed after `--set path=`, whose text begins at `origin`. */
export const parseValue = (text: string, origin: Place): Result<Located> =>
  parseAt(origin, text === '' || text.startsWith('#') ? JSON.stringify(text) : text);

function parseAt(origin: Place, text: string): Result<Located> {
  const lines = new LineCounter();
  const place: PlaceAt = (offset) => {
    const {line, col} = lines.linePos(Math.min(offset, text.length));
    const column = Math.max(col, 1);
    return {
      file: origin.file,
      line: origin.line + Math.max(line, 1) - 1,
      column: line > 1 ? column : origin.column + column - 1,
    };
  };
  const composed = compose(text, lines);
  if (composed.kind === 'too-deep') return {ok: false, issues: [tooDeep(place(composed.offset))]};
  const {documents} = composed;
  const issues = syntaxIssues(text, documents, place);
  return issues.length > 0 ? {ok: false, issues} : convert(documents[0], text, place);
}

type Composed =
  | {readonly kind: 'composed'; readonly documents: readonly Document.Parsed[]}
  | {readonly kind: 'too-deep'; readonly offset: number};

function compose(text: string, lines: LineCounter): Composed {
  // A text may hold 100 000 mistakes, and the parser would look for the stack of each.
  const {stackTraceLimit} = Error;
  Error.stackTraceLimit = 0;
  try {
    return composeAll(text, lines);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function composeAll(text: string, lines: LineCounter): Composed {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  // Keys are compared below: the composer's own check takes quadratic time.
  const composer = new Composer({lineCounter: lines, uniqueKeys: false});
  const documents: Document.Parsed[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
    if (parser.stack.length > MAX_STACK) return {kind: 'too-deep', offset: parser.offset};
  }
  for (const token of parser.end()) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
  documents.push(...(composer.end(true, text.length) as Iterable<Document.Parsed>));
  return {kind: 'composed', documents};
}

const tooDeep = (at: Place): Issue => ({
  code: 'bad-yaml',
  message: `nested deeper than ${MAX_DEPTH} levels`,
  at,
  hint: 'nothing that is read here is so deep; is a bracket left open, or does an alias (*name) contain itself?',
});

const tooMany = (at: Place): Issue => ({
  code: 'bad-yaml',
  message: `more than ${MAX_NODES} values`,
  at,
  hint: 'aliases (*name) that contain aliases multiply; write the values out',
});

/** How many characters a scalar has before its text. */
const QUOTE: Readonly<Record<string, number>> = {PLAIN: 0, QUOTE_SINGLE: 1, QUOTE_DOUBLE: 1};

function convert(document: Document.Parsed | undefined, text: string, place: PlaceAt): Result<Located> {
  const places = new Map<string, NodePlace>();
  const anchors = new Map<string, Node>();
  const issues: Issue[] = [];
  let nodes = 0;
  let stopped = false;
  const report = (message: string, at: Place, hint: string, see?: Issue['see']): void => {
    issues.push({code: 'bad-yaml', message, at, hint, ...(see ? {see} : {})});
  };

  const scalar = (value: unknown, source: string, at: Place): Json => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      report(`${source} is not a finite number`, at, 'put it in quotes if it is a text');
    } else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      report(`${source} is too large to be kept exactly`, at, 'put it in quotes');
    }
    return (value ?? null) as Json;
  };

  const keyOf = (key: unknown, at: Place): string => {
    const name = isScalar(key) ? asText((key.value ?? '') as Json) : undefined;
    if (name === undefined) report('a key must be a text', at, 'a text that begins with [ { * or & stands in quotes');
    else if (name === '') report('an empty key', at, 'write key: value');
    else if (name === '<<') report('merge keys (<<) are not part of YAML 1.2', at, 'write the values out');
    return name ?? '';
  };

  const walk = (node: Node | null | undefined, path: string, key: Place, depth: number): Json => {
    const value = node?.range ? place(node.range[0]) : key;
    const quote = isScalar(node) ? QUOTE[node.type ?? ''] : undefined;
    const isOneLine = quote !== undefined && !text.slice(node!.range![0], node!.range![1]).includes('\n');
    places.set(path, {key, value, ...(isOneLine ? {text: {...value, column: value.column + quote}} : {})});
    if (stopped || ++nodes > MAX_NODES || depth > MAX_DEPTH) {
      if (!stopped) issues.push(depth > MAX_DEPTH ? tooDeep(value) : tooMany(value));
      stopped = true;
      return null;
    }
    if (isAlias(node)) {
      const meant = anchors.get(node.source);
      if (meant) return walk(meant, path, key, depth + 1);
      report(
        `*${node.source} is an alias, and nothing before it is marked &${node.source}`,
        value,
        'put a text that begins with * in quotes',
      );
      return null;
    }
    if (node?.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) return node.items.map((item, n) => walk(item as Node, pointer(path, n), value, depth + 1));
    if (isMap(node)) {
      const entries = new Map<string, Json>();
      for (const pair of node.items) {
        const at = (pair.key as Node | null)?.range ? place((pair.key as Node).range![0]) : value;
        const name = keyOf(pair.key, at);
        const inner = pointer(path, name);
        if (name !== '' && entries.has(name)) {
          const first = places.get(inner)!.key;
          report(`${quoted(name)} stands twice in the same map`, at, 'remove one of the two', [
            {at: first, message: 'the first one'},
          ]);
          continue;
        }
        entries.set(name, walk(pair.value as Node | null, inner, at, depth + 1));
      }
      return Object.fromEntries(entries);
    }
    return isScalar(node) ? scalar(node.value, node.source ?? '', value) : null;
  };

  const start = place(0);
  const value = document?.contents ? walk(document.contents, '', start, 0) : {};
  if (!document?.contents) places.set('', {key: start, value: start});
  return unless(issues, () => ({value, places}));
}
