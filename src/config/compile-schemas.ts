import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Ajv} from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import {AJV_OPTIONS} from './schemas.js';

// The last step of `npm run build`: schemas/<name>.schema.json → dist/compiled-schemas/<name>.cjs
const schemas = fileURLToPath(new URL('../../schemas/', import.meta.url));
const target = fileURLToPath(new URL('../compiled-schemas/', import.meta.url));
mkdirSync(target, {recursive: true});
for (const file of readdirSync(schemas)) {
  const ajv = new Ajv({...AJV_OPTIONS, code: {source: true, lines: true}});
  const validate = ajv.compile(JSON.parse(readFileSync(join(schemas, file), 'utf8')) as object);
  writeFileSync(join(target, file.replace('.schema.json', '.cjs')), standaloneCode.default(ajv, validate));
}
