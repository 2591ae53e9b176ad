import {Spec, Validation} from '@cyclonedx/cyclonedx-library';
import {describe, expect, test} from 'vitest';
import {isAllowed, npmLicences, pythonLicences} from './licences.js';
import {downloads, files, lists, text} from './pins.js';
import {sbom, type Component} from './sbom.js';

type Lock = {
  readonly packages: Readonly<Record<string, {readonly integrity?: string; readonly hasInstallScript?: boolean}>>;
};
const lock = (file: string): [string, Lock['packages'][string]][] =>
  Object.entries((JSON.parse(text(file)) as Lock).packages).filter(([path]) => path !== '');

describe('what is installed is what was looked at', () => {
  test.each([...lists()])('%s: every package at one version, by hash', (_, pins) => {
    expect(pins.length).toBeGreaterThan(0);
    expect(pins.filter(({version, hashes}) => version === '' || hashes.length === 0)).toEqual([]);
  });

  test.each(files('*package-lock.json'))('%s: every package by hash', (file) => {
    expect(lock(file).filter(([, {integrity}]) => !/^sha512-/.test(integrity ?? ''))).toEqual([]);
  });

  test('nothing but esbuild has an install script, and it works without', () => {
    const scripts = lock('package-lock.json').filter(([, {hasInstallScript}]) => hasInstallScript);
    expect(scripts.map(([path]) => path)).toEqual(['node_modules/esbuild']);
  });

  test('whatever installs Python packages asks for their hashes', () => {
    const calls = files('*.sh', '*.def', '*Containerfile').flatMap((file) =>
      [
        ...text(file)
          .replaceAll(/\\\n\s*/g, ' ')
          .matchAll(/^(?!\s*#).*\bpip3? install\b.*$/gm),
      ].map(([line]) => `${file}: ${line.trim()}`),
    );
    // The one wheel that no index has is checked where it is fetched.
    expect(calls.filter((call) => !call.includes('--require-hashes') && !call.includes('"$downloads/$flash"'))).toEqual(
      [],
    );
    expect(calls.length).toBeGreaterThan(4);
  });

  test('the image is laid over one digest, and what is fetched into it has one', () => {
    const [base, ...fetched] = downloads();
    expect(base?.from).toMatch(/^docker:/);
    expect(/^FROM (\S+)$/m.exec(text('containers/Containerfile'))?.[1]).toBe(
      `${base!.from.slice('docker://'.length)}@sha256:${base!.sha256}`,
    );
    expect(fetched.map(({from}) => new URL(from).host)).toEqual(['github.com', 'nodejs.org']);
    expect([...text('containers/install.sh').matchAll(/\bhttps?:/g)].length).toBe(fetched.length);
  });
});

test('the SBOM is CycloneDX and has every part', {timeout: 60_000}, async () => {
  const document = sbom() as {components: Component[]};
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
  expect(await validator.validate(JSON.stringify(document))).toBeNull();
  const names = new Set(document.components.map(({name}) => name));
  expect([...names]).toEqual(expect.arrayContaining(['ajv', '@openai/codex', 'vllm', 'numpy', 'docker://nvidia/cuda']));
});

test('every licence is one that may be used here', {timeout: 60_000}, () => {
  const all = [...npmLicences(), ...pythonLicences()];
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter((one) => !isAllowed(one))).toEqual([]);
});
