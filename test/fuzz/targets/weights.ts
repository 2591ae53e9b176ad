import {execFileSync, spawn} from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {Target} from '../call.js';
import {mutateBytes} from '../mutate.js';
import {mutateJson} from '../mutate-json.js';
import type {Random} from '../random.js';

const READERS = fileURLToPath(new URL('readers.py', import.meta.url));
const PYTHONPATH = ['evals', 'stages/evidence']
  .map((folder) => fileURLToPath(new URL(`../../../${folder}`, import.meta.url)))
  .join(':');
const env = {...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1'};

type Answer = {readonly wrong: string | null; readonly ms: number; readonly mb: number};

/** A model's folder with spoiled headers, configuration and tokenizer, before all Python code that opens such a folder. */
export function weights(): Target & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-weights-'));
  const base = join(root, 'base');
  execFileSync('python3', [READERS, 'make', base], {env});
  const names = readdirSync(base);
  let readers = start(base);
  return {
    name: 'weights',
    run: async (random) => {
      const folder = mkdtempSync(join(root, 'case-'));
      cpSync(base, folder, {recursive: true});
      for (let times = 1 + random.below(2); times > 0; times--) spoil(folder, random.pick([...names, WEIGHTS]), random);
      try {
        const {wrong, ms, mb} = await readers.ask(folder);
        return {code: wrong === null ? 0 : 70, said: wrong ?? '', wrong: wrong ?? undefined, ms, peakMb: mb};
      } catch (error) {
        readers = start(base);
        return {code: 70, said: (error as Error).message, wrong: 'a reader died'};
      } finally {
        rmSync(folder, {recursive: true});
      }
    },
    [Symbol.dispose]: () => {
      readers.end();
      rmSync(root, {recursive: true});
    },
  };
}

const WEIGHTS = 'model.safetensors';

function start(base: string): {readonly ask: (folder: string) => Promise<Answer>; readonly end: () => void} {
  const child = spawn('python3', [READERS, base], {env, stdio: ['pipe', 'pipe', 'pipe']});
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
  const ended = new Promise<never>((_, reject) => child.on('close', () => reject(new Error(said))));
  ended.catch(() => undefined);
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  return {
    ask: async (folder) => {
      child.stdin.write(`${folder}\n`);
      const {value} = await Promise.race([lines.next() as Promise<{value: string | undefined}>, ended]);
      return value === undefined ? ended : (JSON.parse(value) as Answer);
    },
    end: () => child.stdin.end(),
  };
}

function spoil(folder: string, name: string, random: Random): void {
  const file = join(folder, name);
  const {size} = lstatSync(file);
  if (!lstatSync(file).isFile() || size > 1e6 || size < 8) return; // spoiled by now
  const content = readFileSync(file);
  switch (random.below(10)) {
    case 0:
      rmSync(file);
      return symlinkSync(random.pick([file, '/etc/passwd', 'config.json', '/nonexistent']), file);
    case 1:
      return writeFileSync(file, mutateBytes(content, random));
    case 2: {
      const index = {weight_map: {'model.norm.weight': random.pick([WEIGHTS, '../x', 'a/b', 'x.safetensors'])}};
      return writeFileSync(join(folder, `${WEIGHTS}.index.json`), mutateJson(JSON.stringify(index), random));
    }
    default:
      if (name !== WEIGHTS) return writeFileSync(file, mutateJson(content.toString(), random));
      writeFileSync(file, withHeader(content, random));
      // As large as its header promises, on a disk that has it not.
      if (random.chance(0.1)) truncateSync(file, random.pick([0, 7, 8, 9, content.length - 1, 2 ** 33]));
  }
}

/** The data under another header, whose length is mostly told rightly. */
function withHeader(content: Buffer, random: Random): Buffer {
  const size = Number(content.readBigUInt64LE());
  const text = content.subarray(8, 8 + size).toString();
  const header = Buffer.from(random.chance(0.5) ? shaped(text, random) : mutateJson(text, random));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(
    random.chance(0.85)
      ? BigInt(header.length)
      : random.pick([0n, 1n, 7n, BigInt(header.length + 1), 100_000_001n, 2n ** 63n, 2n ** 64n - 1n]),
  );
  return Buffer.concat([length, header, content.subarray(8 + size)]);
}

const NUMBERS = [
  -1,
  0,
  1,
  2,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '1e309',
  'NaN',
  '1'.repeat(400),
  '"8"',
  'null',
  '[]',
  'true',
];

/** Its numbers, and the names of its types, become others. */
const shaped = (text: string, random: Random): string =>
  text
    .replaceAll(/(?<=[[,])\d+(?=[\],])/g, (number) => (random.chance(0.1) ? String(random.pick(NUMBERS)) : number))
    .replaceAll(/"F32"/g, (type) =>
      random.chance(0.1) ? `"${random.pick(['BF16', 'F64', 'I8', 'F8_E4M3', 'X', '', '\\u0000'])}"` : type,
    );
