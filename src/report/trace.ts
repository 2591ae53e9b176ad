import {closeSync, openSync, readSync} from 'node:fs';
import {isObject, parseJson, type Json} from '../base/json.js';

/** One thing that an agent said, did or got back. */
export type TraceEntry = {
  /** ISO 8601, UTC; empty where none was stamped. */
  readonly time: string;
  /** `message`, `thinking`, `tool_call`, `tool_result`, `error`, `note`, or whatever a foreign trace says. */
  readonly kind: string;
  readonly tool: string;
  readonly text: string;
  /** Characters that were left out of `text`. */
  readonly more: number;
};

const BLOCK = 1 << 20;
/** A line beyond this is cut before it is parsed, and so is shown as text. In bytes. */
const LONGEST_LINE = 4 << 20;
/** What of one entry is kept. In characters. */
const LONGEST_TEXT = 20_000;

/** Reads `transcript.jsonl`, or a raw `trace.jsonl`, line by line; memory does not grow with the file. */
export function* readTrace(file: string): Generator<TraceEntry> {
  for (const line of lines(file)) {
    if (line.trim() !== '') yield entryOf(line);
  }
}

/** Lines as text; bytes that are no UTF-8 become U+FFFD. */
function* lines(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    const block = Buffer.alloc(BLOCK);
    let parts: Buffer[] = [];
    let length = 0;
    const take = (bytes: Buffer): void => {
      if (length < LONGEST_LINE) parts.push(Buffer.from(bytes.subarray(0, LONGEST_LINE - length)));
      length += bytes.length;
    };
    const whole = (): string => {
      const text = Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      return text;
    };
    for (;;) {
      const count = readSync(handle, block);
      if (count === 0) break;
      let from = 0;
      for (let end = block.indexOf(10, from); end >= 0 && end < count; end = block.indexOf(10, from)) {
        take(block.subarray(from, end));
        yield whole();
        from = end + 1;
      }
      take(block.subarray(from, count));
    }
    if (length > 0) yield whole();
  } finally {
    closeSync(handle);
  }
}

function entryOf(line: string): TraceEntry {
  const value = parseJson(line);
  if (!isObject(value)) return entry('', 'text', '', line);
  const event = isObject(value.event) ? value.event : value;
  const time = typeof value.time === 'string' ? value.time : '';
  const kind = word(event.kind) ?? word(event.type) ?? 'text';
  const text = word(event.text) ?? (event === value && word(value.text)) ?? JSON.stringify(event);
  return entry(time, kind, word(event.tool) ?? '', text === false ? JSON.stringify(event) : text);
}

const word = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

function entry(time: string, kind: string, tool: string, text: string): TraceEntry {
  const shown = readable(text.length > 2 * LONGEST_TEXT ? text.slice(0, 2 * LONGEST_TEXT) : text);
  const kept = shown.slice(0, LONGEST_TEXT);
  const more = text.length > 2 * LONGEST_TEXT ? text.length - kept.length : shown.length - kept.length;
  return {
    time: readable(time).slice(0, 40),
    kind: readable(kind).slice(0, 40),
    tool: readable(tool).slice(0, 80),
    text: kept,
    more,
  };
}

/**
 * Text as a person reads it: colour codes of terminals are gone, other control characters and those that turn the direction
 * of text show as escapes, a carriage return ends a line.
 */
export const readable = (text: string): string =>
  text
    .replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu,
      (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
    );
