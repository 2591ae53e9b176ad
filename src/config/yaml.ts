import {isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node} from 'yaml';
import {fail, ok, unless, type Issue, type Place, type Result} from '../base/issue.js';
import type {Json} from '../base/json.js';
import {pointer, type Located, type NodePlace} from './located.js';

/** More nodes than any matrix needs; an alias bomb passes it at once. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 64;

/** One YAML 1.2 document as plain data with places. An empty document is an empty map. */
export function parseYaml(file: string, text: string): Result<Located> {
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false, stringKeys: false});
  const place = (offset: number): Place => {
    const {line, col} = lines.linePos(Math.min(offset, text.length));
    return {file, line: Math.max(line, 1), column: Math.max(col, 1)};
  };
  if (document.errors.length > 0) {
    return fail(
      ...document.errors.map((error): Issue => ({
        code: 'bad-yaml',
        message: error.code === 'DUPLICATE_KEY' ? 'this key stands twice in the same map' : firstLine(error.message),
        at: place(error.pos[0]),
        ...(error.code === 'TAB_AS_INDENT' ? {hint: 'YAML is indented with spaces'} : {}),
        ...(error.code === 'DUPLICATE_KEY' ? {hint: 'remove one of the two'} : {}),
      })),
    );
  }
  return convert(document, place);
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

function convert(document: Document.Parsed, place: (offset: number) => Place): Result<Located> {
  const places = new Map<string, NodePlace>();
  const issues: Issue[] = [];
  let nodes = 0;

  const scalar = (value: unknown, at: Place): Json => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      issues.push({code: 'bad-value', message: `${value} is not a finite number`, at});
      return 0;
    }
    if (typeof value === 'bigint') return Number(value);
    return (value ?? null) as Json;
  };

  const walk = (node: Node | null | undefined, path: string, key: Place, depth: number): Json => {
    const value = node?.range ? place(node.range[0]) : key;
    places.set(path, {key, value});
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) {
      if (issues.length === 0) {
        issues.push({
          code: 'bad-yaml',
          message: nodes > MAX_NODES ? `more than ${MAX_NODES} values` : `nested deeper than ${MAX_DEPTH} levels`,
          at: value,
          hint: 'aliases (*name) that contain aliases multiply; write the values out',
        });
      }
      return null;
    }
    if (isAlias(node)) return walk(node.resolve(document), path, key, depth + 1);
    if (isSeq(node)) return node.items.map((item, n) => walk(item as Node, pointer(path, n), value, depth + 1));
    if (isMap(node)) {
      return Object.fromEntries(
        node.items.map((pair) => {
          const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
          const at = (pair.key as Node | null)?.range ? place((pair.key as Node).range![0]) : value;
          return [name, walk(pair.value as Node | null, pointer(path, name), at, depth + 1)];
        }),
      );
    }
    return isScalar(node) ? scalar(node.value, value) : null;
  };

  const start = place(0);
  const value = document.contents ? walk(document.contents, '', start, 0) : {};
  if (!document.contents) places.set('', {key: start, value: start});
  return unless(issues, () => ({value, places}));
}

/** A value as it is typed after `--set path=`: YAML in one line. */
export function parseValue(text: string, at: Place): Result<Located> {
  const parsed = parseYaml(at.file, text === '' ? '""' : text);
  if (!parsed.ok) return fail(...parsed.issues.map((issue) => ({...issue, at})));
  const places = new Map([...parsed.value.places.keys()].map((path) => [path, {key: at, value: at}]));
  return ok({value: parsed.value.value, places});
}
