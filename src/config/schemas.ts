import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Ajv, type ValidateFunction} from 'ajv';

const SCHEMAS = fileURLToPath(new URL('../../schemas/', import.meta.url));
const compiled = new Map<string, ValidateFunction | undefined>();

/** The compiled `schemas/<name>.schema.json`; undefined when the tool ships none of that name. */
export function schema(name: string): ValidateFunction | undefined {
  if (!compiled.has(name)) {
    const file = join(SCHEMAS, `${name}.schema.json`);
    compiled.set(name, existsSync(file) ? compile(JSON.parse(readFileSync(file, 'utf8')) as object) : undefined);
  }
  return compiled.get(name);
}

/** Compiles a JSON Schema (draft 7). Throws on a schema that is itself wrong. */
export const compile = (document: object): ValidateFunction =>
  new Ajv({allErrors: true, strict: true, strictTypes: false, verbose: true, allowUnionTypes: true}).compile(document);
