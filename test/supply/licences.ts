// npm run licences: the licence of every package that npm and this Python have installed, and whether it may be used here.
import {execFileSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import satisfies from 'spdx-satisfies';
import {npmComponents} from './sbom.js';

/** Licences under which a package may be used and passed on beside MIT-licensed code. */
const ALLOWED = [
  ...[
    '0BSD',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'CC-BY-3.0',
    'CC0-1.0',
    'ISC',
    'MIT',
    'MIT-0',
    'MPL-2.0',
  ],
  ...['PSF-2.0', 'Python-2.0', 'Unicode-3.0', 'Unlicense', 'Zlib'],
];

export type Licensed = {readonly name: string; readonly version: string; readonly licence: string};

export const isAllowed = ({licence}: Licensed): boolean => {
  try {
    return satisfies(licence, ALLOWED);
  } catch {
    return false; // no SPDX expression
  }
};

export const npmLicences = (): Licensed[] =>
  npmComponents().map(({name, version, licenses = []}) => ({
    name,
    version,
    licence: licenses.map((one) => one.expression ?? one.license?.id ?? one.license?.name ?? '').join(' AND '),
  }));

export const pythonLicences = (python = 'python3'): Licensed[] =>
  JSON.parse(
    execFileSync(python, [fileURLToPath(new URL('licences.py', import.meta.url))], {encoding: 'utf8'}),
  ) as Licensed[];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = [...npmLicences(), ...pythonLicences()];
  for (const one of all) {
    const mark = isAllowed(one) ? '' : '  NOT ALLOWED';
    process.stdout.write(`${one.name} ${one.version}: ${one.licence || 'none'}${mark}\n`);
  }
  const wrong = all.filter((one) => !isAllowed(one));
  process.stdout.write(`${all.length} packages, ${wrong.length} under a licence that is not allowed here\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
