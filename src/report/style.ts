import {styleText} from 'node:util';

export type Paint = (style: 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold', text: string) => string;

/** Colours only where a person looks. */
export const paint = (on: boolean): Paint =>
  on ? (style, text) => styleText(style, text, {validateStream: false}) : (_style, text) => text;

/** Control characters, and those that turn the direction of text. */
const SPEAKING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from a job or a user, safe for a terminal: what would speak to it shows as escapes. */
export const printable = (text: string): string =>
  text.replaceAll(SPEAKING, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });

/** JSON for programs, at which a person may look as well. `indent`: spaces a level; without it all is one line. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    SPEAKING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The same on one line. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
