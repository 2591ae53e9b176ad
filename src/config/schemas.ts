import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Ajv, Options, ValidateFunction} from 'ajv';

const requireLater = createRequire(import.meta.url);
const SCHEMAS = fileURLToPath(new URL('../../schemas/', import.meta.url));
/** What `npm run build` makes of SCHEMAS: compiling them at each start would cost more than all the rest of it. */
const COMPILED = fileURLToPath(new URL('../compiled-schemas/', import.meta.url));

export const AJV_OPTIONS: Options = {
  allErrors: true,
  strict: true,
  strictTypes: false,
  verbose: true,
  allowUnionTypes: true,
};

const loaded = new Map<string, ValidateFunction | undefined>();

/** The validator of `schemas/<name>.schema.json`; undefined when the tool ships none of that name. */
export function schema(name: string): ValidateFunction | undefined {
  if (!loaded.has(name)) loaded.set(name, loadSchema(name));
  return loaded.get(name);
}

function loadSchema(name: string): ValidateFunction | undefined {
  const compiled = join(COMPILED, `${name}.cjs`);
  if (existsSync(compiled)) return (requireLater(compiled) as {default: ValidateFunction}).default;
  const file = join(SCHEMAS, `${name}.schema.json`);
  return existsSync(file) ? compile(JSON.parse(readFileSync(file, 'utf8')) as object) : undefined;
}

/** Compiles a JSON Schema (draft 7). Throws on a schema that is itself wrong. */
export function compile(document: object): ValidateFunction {
  const {Ajv: Compiler} = requireLater('ajv') as {Ajv: new (options: Options) => Ajv};
  return new Compiler(AJV_OPTIONS).compile(document);
}
