import {isCollection, isScalar, visit, type Document, type ErrorCode} from 'yaml';
import type {Issue, Place} from '../base/issue.js';

type PlaceAt = (offset: number) => Place;

type SyntaxMistake = {readonly code: ErrorCode; readonly message: string; readonly pos: readonly [number, number]};

/** What is wrong with a text as YAML, in words of its own where the parser's do not help. */
export function syntaxIssues(text: string, documents: readonly Document.Parsed[], place: PlaceAt): Issue[] {
  const conflict = /^<{7} /m.exec(text);
  if (conflict) {
    return [issue('an unresolved merge conflict', place(conflict.index), 'settle it and remove the <<<<<<< lines')];
  }
  const issues: Issue[] = [];
  const lines = new Set<number>();
  for (const document of documents) {
    for (const error of document.errors) {
      const found = issueOf(text, document, error, place);
      // The parser's next complaints about a line are echoes of its first.
      if (!lines.has(found.at.line)) issues.push(found);
      lines.add(found.at.line);
      // From here on it has lost its footing.
      if (error.code === 'UNEXPECTED_TOKEN') return issues;
    }
    for (const warning of document.warnings) {
      issues.push(issue(tagMessage(warning.message), place(warning.pos[0]), 'put a text that begins with ! in quotes'));
    }
    const version = document.directives.yaml;
    if (version.explicit === true && version.version !== '1.2') {
      issues.push(
        issue(`this file asks for YAML ${version.version}`, place(0), 'it is read as YAML 1.2; remove the line'),
      );
    }
  }
  const second = documents[1];
  if (second && issues.length === 0) {
    const at = place(second.range[0]);
    issues.push(issue('a second document begins here', at, 'one file holds one document; remove the line ---'));
  }
  return issues;
}

const tagMessage = (message: string): string =>
  message.replace(/^Unresolved tag: (.*)$/, 'the tag $1 means nothing here');

const issue = (message: string, at: Place, hint?: string): Issue => ({
  code: 'bad-yaml',
  message,
  at,
  ...(hint === undefined ? {} : {hint}),
});

function issueOf(text: string, document: Document.Parsed, error: SyntaxMistake, place: PlaceAt): Issue {
  const offset = error.pos[0];
  const at = place(offset);
  const message = error.message.split('\n', 1)[0]!;
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return issue('a tab indents this line', at, 'indent with spaces');
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return issue(
        'a value cannot hold another "key: value" on its line',
        at,
        'check the indentation of this line and the next; a text that holds ": " stands in quotes',
      );
    case 'BAD_SCALAR_START':
      return issue(message, at, 'put the text in quotes');
    case 'UNEXPECTED_TOKEN': {
      const lookUp = text.lastIndexOf('${{', offset);
      if (lookUp >= 0 && offset - lookUp <= 2) {
        const example = '{time: "${{ hours }}h"}';
        return issue('a look-up inside { } or [ ] stands in quotes', place(lookUp), `for instance ${example}`);
      }
      return issue(message, at);
    }
    case 'MISSING_CHAR': {
      if (message.startsWith('Implicit map keys')) {
        return issue('this line is no "key: value"', place(startOfLine(text, offset)), 'is the ": " missing?');
      }
      if (message.startsWith('Missing closing')) {
        return issue('this quote is not closed', place(openedAt(document, offset)), 'close it on the same line');
      }
      return unclosed(text, document, offset, place) ?? issue(message, at);
    }
    case 'BAD_INDENT':
      return unclosed(text, document, offset, place) ?? issue(message, at, 'check the indentation of this line');
    default:
      return issue(message, at);
  }
}

/** Where the text on the line of `offset` begins; the parser complains at its end. */
function startOfLine(text: string, offset: number): number {
  const line = text.lastIndexOf('\n', Math.min(offset, text.length) - 1) + 1;
  return line + /^ */.exec(text.slice(line))![0].length;
}

/** Where the quoted text that ends at `offset` begins. */
function openedAt(document: Document.Parsed, offset: number): number {
  let start = offset;
  visit(document, (_key, node) => {
    if (isScalar(node) && node.range?.[1] === offset) start = node.range[0];
  });
  return start;
}

/** The innermost { or [ before `offset` that has no end. */
function unclosed(text: string, document: Document.Parsed, offset: number, place: PlaceAt): Issue | undefined {
  let start: number | undefined;
  visit(document, (_key, node) => {
    if (!isCollection(node) || node.flow !== true || !node.range || node.range[0] >= offset) return;
    const [from, to] = node.range;
    if (!text.slice(from, to).endsWith(text[from] === '{' ? '}' : ']')) start = from;
  });
  return start === undefined ? undefined : issue(`this ${text[start]!} is not closed`, place(start), 'close it');
}
