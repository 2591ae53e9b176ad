/** Markup that is safe to put into a page: made by `html` or `trusted` alone. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, those that turn the direction of text, and lone surrogates as escapes: a page hides nothing that it quotes. */
export const visible = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );

/** Text from anywhere, safe between tags and in quoted attributes. */
export const escapeHtml = (text: string): string => visible(text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char]!));

function render(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? (value as readonly Value[]).map(render).join('') : '';
}

/** A template whose values are escaped, unless they are `Html`. Attributes must be quoted in the template. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(parts.map((part, n) => part + (n < values.length ? render(values[n]) : '')).join(''));

/** Markup that our own code made, such as a chart. Never text from a run. */
export const trusted = (text: string): Html => new Html(text);
