// npm run sbom [-- --out FILE]: all that this repository installs anywhere, as CycloneDX 1.5: the packages of package-lock.json, of
// the agents' command lines and of every Python list, the image's base and what is downloaded into it.
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {downloads, lists, ROOT, type Download, type Pin} from './pins.js';

export type Component = {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly {readonly alg: string; readonly content: string}[];
  readonly licenses?: readonly {
    readonly expression?: string;
    readonly license?: {readonly id?: string; readonly name?: string};
  }[];
  readonly properties?: readonly {readonly name: string; readonly value: string}[];
};

type Document = {
  readonly metadata: Record<string, unknown> & {readonly component: Component};
  readonly components: readonly Component[];
  readonly dependencies: readonly {readonly ref: string; readonly dependsOn?: readonly string[]}[];
};

/** What npm says of a folder's lock file. */
const npm = (folder: string): Document =>
  JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel', 'error'], {
      cwd: join(ROOT, folder),
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }),
  ) as Document;

export const npmComponents = (): readonly Component[] => npm('.').components;

const AGENTS = 'containers/agents';

/** Which file says so: the same package may stand in several, in several versions. */
const listed = (file: string) => ({properties: [{name: 'posttrainbench:list', value: file}]});

const ofPin = ({name, version, hashes}: Pin, file: string): Component => ({
  'bom-ref': `${file}/${name}@${version}`,
  type: 'library',
  name,
  version,
  purl: `pkg:pypi/${name.toLowerCase().replaceAll(/[._]+/g, '-')}@${encodeURIComponent(version)}`,
  hashes: hashes.map((content) => ({alg: 'SHA-256', content})),
  ...listed(file),
});

const ofDownload = ({from, sha256}: Download): Component => ({
  'bom-ref': from,
  type: from.startsWith('docker://') ? 'container' : 'file',
  name: from,
  version: `sha256:${sha256}`,
  ...(from.startsWith('docker://')
    ? {purl: `pkg:docker/${from.slice('docker://'.length)}@sha256%3A${sha256}`}
    : {hashes: [{alg: 'SHA-256', content: sha256}]}),
  ...listed(from.startsWith('docker://') ? 'containers/standard.def' : 'containers/install.sh'),
});

export function sbom(): object {
  const own = npm('.');
  const agents = npm(AGENTS).components.map((one) => ({
    ...one,
    'bom-ref': `${AGENTS}/${one['bom-ref']}`,
    ...listed(`${AGENTS}/package-lock.json`),
  }));
  const python = [...lists()].flatMap(([file, pins]) => pins.map((pin) => ofPin(pin, file)));
  // A list may name a package twice, for two versions of Python.
  const others = [
    ...new Map([...agents, ...python, ...downloads().map(ofDownload)].map((one) => [one['bom-ref'], one])).values(),
  ];
  return {...own, components: [...own.components, ...others]};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {values} = parseArgs({options: {out: {type: 'string'}}});
  const document = `${JSON.stringify(sbom(), null, 2)}\n`;
  if (values.out === undefined) process.stdout.write(document);
  else writeFileSync(values.out, document);
}
