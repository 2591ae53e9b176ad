import {isObject, type Json} from '../base/json.js';

/** Shorter secrets are not searched for, in characters: they would be found where nobody wrote them. */
export const SHORTEST_SECRET = 8;

/** A value in a JSON document is taken for a secret from this length on, in characters, and where it is no address and has no space. */
const SHORTEST_TOKEN = 16;

/** What to search for, a line for each form: the secret's name and the form in hexadecimal, as `src/bin/redact.pl` reads it. */
export const formLines = (secrets: readonly (readonly [name: string, value: string])[]): string =>
  secrets.flatMap(([name, value]) => formsOf(value).map((form) => `${name} ${form.toString('hex')}\n`)).join('');

/**
 * The ways in which a secret may stand in a text, none shorter than `SHORTEST_SECRET`, without line ends: a search leaves them
 * out, so that it finds what was wrapped at any column. Of a JSON document, as a login's file is one, its texts count too.
 */
export function formsOf(secret: string): Buffer[] {
  const forms = [secret, ...tokensOf(secret)].flatMap((value) => spellings(Buffer.from(value.trim())));
  const flat = forms
    .map((form) => form.replaceAll(/[\r\n]+|\\+[rn]/g, ''))
    .filter((form) => form.length >= SHORTEST_SECRET);
  return [...new Set(flat)].map((form) => Buffer.from(form, 'latin1'));
}

/** As `latin1`: a character for each byte. */
function spellings(value: Buffer): string[] {
  const plain = value.toString('latin1');
  const hex = value.toString('hex');
  const escaped = JSON.stringify(value.toString()).slice(1, -1);
  const percent = plain.replaceAll(
    /[^\w.~-]/g,
    (character) => `%${Buffer.from(character, 'latin1').toString('hex').toUpperCase()}`,
  );
  const everyByte = hex.replaceAll(/../g, '%$&');
  return [
    plain,
    ...[escaped, escaped.replaceAll('/', '\\/')].map((text) => Buffer.from(text).toString('latin1')),
    ...[0, 1, 2].flatMap((before) => inBase64(value, before)),
    ...[percent, everyByte].flatMap((text) => [text, text.replaceAll(/%../g, lower), text.replaceAll(/%../g, upper)]),
    ...[hex, upper(hex)],
  ];
}

const lower = (text: string): string => text.toLowerCase();
const upper = (text: string): string => text.toUpperCase();

/** The characters of base64 that depend on nothing but the value, with so many bytes (mod 3) before it, in both alphabets. */
function inBase64(value: Buffer, before: number): string[] {
  const text = Buffer.concat([Buffer.alloc(before), value, Buffer.alloc(2)]).toString('base64');
  const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}

/** The texts of a JSON document that look like keys. */
function tokensOf(secret: string): string[] {
  if (!/^\s*[[{]/.test(secret)) return [];
  try {
    return texts(JSON.parse(secret) as Json).filter(
      (text) => text.length >= SHORTEST_TOKEN && !/\s|^https?:/.test(text),
    );
  } catch {
    return [];
  }
}

const texts = (value: Json): string[] =>
  typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? value.flatMap((one: Json) => texts(one))
      : isObject(value)
        ? Object.values(value).flatMap(texts)
        : [];

/** The password or token in an address such as a proxy's: what of a variable that says how to reach the network is secret. */
export const passwordsIn = (value: string): string[] =>
  [...value.matchAll(/:\/\/([^/@\s]+)@/g)].flatMap(([, user]) => {
    const [name, ...password] = user!.split(':');
    return [password.length > 0 ? password.join(':') : name!];
  });
