import {mkdtempSync, readdirSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {BASE, project, ptb} from '../config/project.js';
import {hasProgram} from '../rig/programs.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PRESS_KEYS = fileURLToPath(new URL('press_keys.py', import.meta.url));

/** A folder with `ptb` in it. */
const bin = mkdtempSync(join(tmpdir(), 'ptb-bin-'));
const PATH = `${bin}${delimiter}${process.env.PATH}`;
beforeAll(() => symlinkSync(MAIN, join(bin, 'ptb')));
afterAll(() => rmSync(bin, {recursive: true}));

const PROFILES = `profiles:
  huge: {matrix: {model: [large, huge]}, catalog: {model: {huge: {base: org/huge}}}}
  quick: {matrix: {hours: [0.1]}}
`;
const files = {'pipeline.yaml': BASE['pipeline.yaml'] + PROFILES};

describe('bash: what the function leaves in COMPREPLY', () => {
  const DRIVER = `
    source <(ptb completion bash)
    COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
    while IFS=$'\\t' read -r COMP_LINE COMP_POINT COMP_CWORD words; do
      IFS=$'\\037' read -ra COMP_WORDS <<<"$words"
      _ptb ptb
      echo "\${COMPREPLY[*]}"
    done
  `;
  /** A line with the cursor at its end, or at `|`, as readline hands it over: = and : are words of their own. */
  function asHandedOver(text: string): string {
    const [before = '', after = ''] = text.split('|');
    const parts = (some: string): string[] => some.match(/'[^']*'|[=:]+|[^\s=:']+/g) ?? [];
    const isNew = before.endsWith(' ');
    const words = [...parts(before + after), ...(isNew ? [''] : [])];
    const at = parts(before).length - (isNew ? 0 : 1);
    return [before + after, before.length, at, words.map((word) => `${word}\u001f`).join('')].join('\t');
  }
  async function offered(cwd: string, ...lines: string[]): Promise<string[]> {
    const input = lines.map((line) => `${asHandedOver(line)}\n`).join('');
    const {stdout} = await execa('bash', ['--norc', '-c', DRIVER], {cwd, env: {PATH}, input});
    return stdout.split('\n');
  }

  test('commands, options and names of the project', {timeout: 90_000}, async () => {
    const expected = {
      'ptb pipeline r': 'run',
      'ptb pip| run': 'pipeline',
      'ptb new ': 'agent eval stage help',
      'ptb completion ': 'bash zsh fish',
      'ptb comp': 'completion', // and not the command that the scripts call
      'ptb pipeline graph --format ': 'mermaid dot svg',
      'ptb pipeline graph --format=s': 'svg',
      'ptb pipeline graph --fo': '--format',
      'ptb pipeline run --json --js': '', // it was given
      'ptb pipeline run --profile huge --prof': '--profile', // it may be repeated
      'ptb pipeline run --profile ': 'huge quick',
      'ptb pipeline run --until t': 'train',
      'ptb pipeline run --only ': 'model= hours=',
      'ptb pipeline run --only model=': 'small large',
      'ptb pipeline run --only model=small,': 'small,large',
      'ptb pipeline run --profile huge --only model=': 'large huge',
      "ptb pipeline run --set 'matrix.hours=[7]' --only hours=": '7',
      'ptb pipeline run --rerun t': 'train train:',
      'ptb pipeline run --rerun train:': 'model= hours=',
      'ptb pipeline run --rerun train:model=small,': 'small,large small,hours=',
      'ptb pipeline run --rerun train:hours=1,2,model=l': 'large',
      'ptb table --against model': 'model model.use model.base',
      'ptb why f': 'fetch:',
      'ptb why fetch:': 'model=small model=large',
      'ptb step logs train:': 'model=small, model=large,',
      'ptb step logs train:model=small,': 'small,hours=1 small,hours=2',
      'ptb step show fetch:model=small fe': '', // only one
      'ptb step rerun fetch:model=small ': '--file --profile --set --only --until --offline --help',
      'ptb step accept fetch:model=small fe': 'fetch:', // as many as one likes
      'ptb audit show model=small,': 'small,hours=1 small,hours=2',
      'ptb pipeline run -f nowhere.yaml --profile ': '',
      'ptb pipeline run -- --prof': '',
      'ptb store gc ': '--file --delete --older-than --json --help',
    };
    const lines = Object.keys(expected);
    const words = await offered(project(files), ...lines);
    expect(Object.fromEntries(lines.map((line, n) => [line, words[n]]))).toEqual(expected);
  });

  test('of a pipeline with mistakes, its profiles', async () => {
    const root = project({'pipeline.yaml': `${files['pipeline.yaml']}oops: 1\n`});
    const words = await offered(root, 'ptb pipeline run --profile ', 'ptb pipeline run --until ');
    expect(words).toEqual(['huge quick', '']);
  });

  test('no name that the shell would run', async () => {
    const root = project({'pipeline.yaml': `${files['pipeline.yaml']}  '$(touch made)': {}\n  "a b": {}\n`});
    expect(await offered(root, 'ptb pipeline run --profile ')).toEqual(['huge quick']);
    expect(readdirSync(root)).not.toContain('made');
  });
});

const SHELLS: Readonly<Record<string, string>> = {
  bash: 'source <(ptb completion bash)',
  zsh: 'autoload -U compinit; compinit -u -D; source <(ptb completion zsh)',
  fish: 'ptb completion fish | source',
};

for (const [shell, setUp] of Object.entries(SHELLS)) {
  if (!hasProgram(shell, `for instance: apt-get install ${shell}`)) continue;

  test(`${shell}: what stands in its line when keys were pressed`, {timeout: 90_000}, async () => {
    const expected = {
      'ptb pipel\tval\t': 'ptb pipeline validate ',
      'ptb pipeline graph --format=m\t': 'ptb pipeline graph --format=mermaid ',
      'ptb pipeline run --pro\tq\t': 'ptb pipeline run --profile quick ',
      'ptb pipeline run --only mo\tsm\t': 'ptb pipeline run --only model=small ',
      "ptb table --set 'matrix.hours=[7]' --only hours=\t": "ptb table --set 'matrix.hours=[7]' --only hours=7 ",
      'ptb why tr\tmodel=s\thours=1\t': 'ptb why train:model=small,hours=1 ',
      'ptb table --plot pipel\t': 'ptb table --plot pipeline.yaml ',
      'ptb report --out sta\tf\t': 'ptb report --out stages/fetch/',
    };
    const root = project(files);
    const env = {PATH, HOME: root, TERM: 'xterm', LC_ALL: 'C.UTF-8'};
    const keys = Object.keys(expected);
    const {stdout} = await execa('python3', [PRESS_KEYS, shell, setUp, ...keys], {cwd: root, env});
    const lines = stdout.split('\n');
    expect(Object.fromEntries(keys.map((pressed, n) => [pressed, lines[n]]))).toEqual(expected);
  });
}

test('an unknown shell is told which there are', async () => {
  const {code, err} = await ptb(project(), 'completion', 'powershell');
  expect(code).toBe(2);
  expect(err).toContain('Allowed choices are bash, zsh, fish.');
});

test('whatever an option or an argument takes, it is said what kind of value that is', {timeout: 60_000}, async () => {
  const root = project(files);
  const help = async (...command: string[]): Promise<{command: string[]; text: string}[]> => {
    const {out} = await ptb(root, ...command, '--help');
    const listed = /\nCommands:\n([^]*)$/.exec(out)?.[1] ?? '';
    const inner = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
    const below = await Promise.all(inner.map((name) => help(...command, name)));
    return [{command, text: out}, ...below.flat()];
  };
  const asked = new Map<string, string[]>();
  for (const {command, text} of await help()) {
    for (const [, flag, kind] of text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+) [<[](\S+)[>\]]/gm))
      asked.set(kind!, [...command, flag!, '']);
    for (const [, kind] of /^Usage: .*$/m.exec(text)![0].matchAll(/<(\S+)>/g)) asked.set(kind!, [...command, '']);
  }
  expect(asked.size).toBeGreaterThan(15);
  for (const [kind, words] of asked) {
    const {code, out, err} = await ptb(root, 'complete', '--', ...words);
    expect([kind, code, err]).toEqual([kind, 0, '']);
    expect(out, kind).toMatch(/^(?:words|files|folders)$/m);
  }
});
