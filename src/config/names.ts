/** What a folder of the project may be called. */
export type Naming = {readonly pattern: RegExp; readonly inWords: string};

/** `stages/<name>`. */
export const STAGE_NAME: Naming = {
  pattern: /^[a-z][a-z0-9-]{0,39}$/,
  inWords: '1 to 40 lower-case letters, digits and dashes, beginning with a letter',
};

/** A folder behind an axis value, as schemas/pipeline.schema.json has it: `agents/<name>`. */
export const VALUE_NAME: Naming = {
  // No repository, such as a data set named alike, has two dots in a row.
  pattern: /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
  inWords:
    '1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit, no two dots in a row',
};

/** The name of this form that whoever typed this may have meant, if there is one. */
export function nearestName(text: string, {pattern}: Naming): string | undefined {
  const cased = pattern.test('A') ? text : text.toLowerCase();
  const name = cased
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/^[._-]+|[._-]+$/g, '');
  return [name, name.replaceAll(/[._-]+/g, '-')].find((one) => pattern.test(one));
}
