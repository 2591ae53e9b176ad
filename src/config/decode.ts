import type {Issue, Place} from '../base/issue.js';

/** A file's bytes as text: UTF-8, without byte-order mark, lines ended by a newline alone. */
export function decode(file: string, bytes: Uint8Array): {readonly text: string; readonly issues: readonly Issue[]} {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return {text: '', issues: [bad('this file is UTF-16', {file, line: 1, column: 1}, 'save it as UTF-8')]};
  }
  const raw = new TextDecoder('utf-8').decode(bytes);
  const text = raw.replaceAll(/\r\n?/g, '\n');
  // A replacement character that the file itself holds is fine; only then is it in the bytes.
  const isWhole = !text.includes('\uFFFD') || Buffer.from(raw, 'utf8').equals(withoutMark(bytes));
  if (!isWhole) {
    return {
      text,
      issues: [bad('this is not UTF-8', placeIn(file, text, text.indexOf('\uFFFD')), 'save the file as UTF-8')],
    };
  }
  const control = /[\u0000-\u0008\u000b-\u001f\u007f]/.exec(text);
  if (!control) return {text, issues: []};
  const code = control[0].charCodeAt(0).toString(16).padStart(4, '0');
  const message = `the control character U+${code.toUpperCase()} cannot stand here`;
  return {text, issues: [bad(message, placeIn(file, text, control.index), 'is this a text file?')]};
}

const bad = (message: string, at: Place, hint: string): Issue => ({code: 'bad-yaml', message, at, hint});

const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

function placeIn(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return {file, line: before.length, column: before.at(-1)!.length + 1};
}
