import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {expect, onTestFinished} from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Files by their path; `null` leaves one of `BASE` out. */
export type Written = Readonly<Record<string, string | Uint8Array | null>>;

/** A whole project, small: two stages, two axes. */
export const BASE = {
  'pipeline.yaml': `name: tiny
matrix:
  model: [small, large]
  hours: [1, 2]
catalog:
  model:
    small: {base: org/small}
    large: {base: org/large}
`,
  'stages/fetch/stage.yaml': `for: [model]
fields: [model.base]
run: [bash, run.sh]
outputs: {weights: weights.bin}
`,
  'stages/fetch/run.sh': 'true\n',
  'stages/train/stage.yaml': `for: [model, hours]
needs: [fetch]
run: [bash, run.sh]
resources: {time: "\${{ hours }}h"}
outputs: {score: score.json}
`,
  'stages/train/run.sh': 'true\n',
} as const;

/** Writes `BASE` with `files` laid over it into a folder that goes with the test. */
export function project(files: Written = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'ptb-config-'));
  onTestFinished(() => rmSync(root, {recursive: true}));
  for (const [path, content] of Object.entries<string | Uint8Array | null>({...BASE, ...files})) {
    if (content === null) continue;
    mkdirSync(dirname(join(root, path)), {recursive: true});
    writeFileSync(join(root, path), content);
  }
  return root;
}

export type Ended = {readonly code: number | undefined; readonly out: string; readonly err: string};

/** The real command line in a project. */
export async function ptb(root: string, ...args: readonly string[]): Promise<Ended> {
  const env = {PATH: process.env.PATH ?? '', HOME: root, NO_COLOR: '1'};
  const {exitCode, stdout, stderr} = await execa(process.execPath, [MAIN, ...args], {
    cwd: root,
    env,
    extendEnv: false,
    reject: false,
  });
  return {code: exitCode, out: stdout, err: stderr};
}

/** What `ptb pipeline validate` prints of a project that is wrong. */
export async function mistakes(files: Written, ...args: readonly string[]): Promise<string> {
  const root = project(files);
  const {code, out, err} = await ptb(root, 'pipeline', 'validate', ...args);
  expect({code, out, isWritten: existsSync(join(root, 'runs'))}).toEqual({code: 2, out: '', isWritten: false});
  return `\n${err}\n`;
}

/** `pipeline.yaml` with lines at its end, which belong to `catalog` where they are indented. */
export const pipelineWith = (lines: string): Written => ({'pipeline.yaml': `${BASE['pipeline.yaml']}${lines}\n`});

/** `pipeline.yaml` with other lines for the axis `model`. */
export const matrixWith = (lines: string): Written => ({
  'pipeline.yaml': BASE['pipeline.yaml'].replace('model: [small, large]', () => lines),
});

/** `stages/train/stage.yaml` with one part of it written otherwise. */
export function trainWith(part: string, other: string): Written {
  const written = BASE['stages/train/stage.yaml'];
  expect(written).toContain(part);
  return {'stages/train/stage.yaml': written.replace(part, () => other)};
}
