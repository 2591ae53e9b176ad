// npm run test:escape [-- --markdown]: every attack and every promise tried in every sandbox of this machine, as a table; then what the
// evaluation says of models and answers made to attack it. A sandbox that cannot be had here has a reason below, and no
// column; so has what one does not keep.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {cpus, release, tmpdir} from 'node:os';
import {join} from 'node:path';
import Table from 'cli-table3';
import {execa} from 'execa';
import {LINES} from './sandbox/lines.js';

type Told = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: 'passed' | 'failed' | 'skipped';
    }[];
  }[];
};

/** What came of a line in one of the ways in which a sandbox is used. */
type Found = {readonly way: string; readonly came: 'kept' | 'not kept' | 'BROKEN'; readonly reason?: string};

/** In this order, with the honest one last. */
const SANDBOXES = ['bwrap', 'apptainer', 'podman', 'docker', 'none'];

const folder = mkdtempSync(join(tmpdir(), 'ptb-escape-'));
const report = join(folder, 'report.json');
const contracts = ['apptainer', 'bwrap', 'none', 'podman'].map((kind) => `test/sandbox/${kind}.test.ts`);
await execa('npx', ['vitest', 'run', ...contracts, '--reporter=json', `--outputFile=${report}`], {
  reject: false,
  env: {PTB_ESCAPE: 'all'},
});
const {testResults} = JSON.parse(readFileSync(report, 'utf8')) as Told;
rmSync(folder, {recursive: true});

const found = new Map<string, Map<string, Found[]>>(SANDBOXES.map((sandbox) => [sandbox, new Map()]));
const absent = new Map<string, string>([['docker', 'nothing asks for it']]);
for (const {ancestorTitles, title, status} of testResults.flatMap(({assertionResults}) => assertionResults)) {
  const [, missing, why] = /^does not run here: (\w+) (.*)$/.exec(title) ?? [];
  if (missing !== undefined) absent.set(missing, why!);
  const way = ancestorTitles.at(-1)?.replace(/^sandbox /, '') ?? '';
  const [, reason, line = title] = /^NOT GUARANTEED \((.*?)\): (.*)$/.exec(title) ?? [];
  const column = found.get(way.split(',')[0]!);
  if (column === undefined || !LINES.some((one) => one === line)) continue;
  const came = status !== 'passed' ? 'BROKEN' : reason === undefined ? 'kept' : 'not kept';
  column.set(line, [...(column.get(line) ?? []), {way, came, ...(reason === undefined ? {} : {reason})}]);
}
absent.set('docker', await whyNoDocker());

const shown = SANDBOXES.filter((sandbox) => found.get(sandbox)!.size > 0);
const asMarkdown = process.argv.includes('--markdown');
const table = new Table({
  head: ['', ...shown],
  colWidths: [58, ...shown.map(() => 11)],
  wordWrap: true,
  style: {head: [], border: []},
});
const notes: string[] = [];
let broken = 0;
for (const line of LINES) {
  const cells = shown.map((sandbox) => {
    const ways = found.get(sandbox)!.get(line) ?? [];
    const lost = ways.filter(({came}) => came === 'not kept');
    broken += ways.filter(({came}) => came === 'BROKEN').length;
    if (ways.some(({came}) => came === 'BROKEN')) return 'BROKEN';
    for (const {way, reason} of lost) notes.push(`${way}: ${line}: ${reason!}`);
    return lost.length === 0 ? 'kept' : lost.length === ways.length ? 'not kept' : 'in part';
  });
  table.push([line, ...cells]);
}
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
if (asMarkdown) {
  for (const row of [['', ...shown], ['---', ...shown.map(() => '---')], ...(table as unknown as string[][])]) {
    say(`| ${row.join(' | ')} |`);
  }
} else say(table.toString());
for (const note of notes.sort()) say(`not kept: ${note}`);
for (const sandbox of SANDBOXES) {
  if (!shown.includes(sandbox)) say(`not tried: ${sandbox}: ${absent.get(sandbox) ?? 'its tests did not start'}`);
}
for (const {name, message, assertionResults} of testResults) {
  if (assertionResults.length > 0 || message === '') continue;
  broken++;
  say(`BROKEN: ${name}: ${message}`);
}

// Models and answers: each of these tests stands for one attack.
const python = ['evals/ptb_evals/tests/test_hostile_model.py', 'evals/ptb_evals/tests/test_program.py'];
const tried = await execa('python3', ['-m', 'pytest', '-q', '-rA', '--color=no', '-p', 'no:cacheprovider', ...python], {
  reject: false,
  env: {PYTHONPATH: 'evals:agents'},
});
const outcomes = [...tried.stdout.matchAll(/^(PASSED|FAILED) \S+?::(\w+)(?:\[(.*)\])?/gm)];
const model = outcomes.filter(([, , test]) => test === 'test_final_model');
const cheats = outcomes.filter(([, , test]) => test === 'test_cheats');
const refused = (some: readonly RegExpMatchArray[]): string =>
  `${some.filter(([, came]) => came === 'PASSED').length} of ${some.length} refused`;
say(`final_model made to attack its evaluation: ${refused(model)}: ${model.map(([, , , name]) => name).join('; ')}`);
say(`answers that attack their tests, at each level of their cage: ${refused(cheats)}`);
for (const [, came, test, name] of outcomes) if (came === 'FAILED') say(`BROKEN: ${test}: ${name ?? ''}`);
broken += outcomes.filter(([, came]) => came === 'FAILED').length + (outcomes.length === 0 ? 1 : 0);
if (outcomes.length === 0) say(`BROKEN: pytest: ${tried.stdout.slice(-500)}${tried.stderr.slice(-500)}`);

const day = new Date().toISOString().slice(0, 10);
say(`${shown.length} sandboxes, ${LINES.length} lines, ${notes.length} not kept, ${broken} broken`);
say(`${day}, Linux ${release()}, ${cpus().length} CPUs, ${process.getuid?.() === 0 ? 'root' : 'an ordinary user'}`);
process.exitCode = broken === 0 && shown.length > 0 ? 0 : 1;

async function whyNoDocker(): Promise<string> {
  const {failed, stderr} = await execa('docker', ['info', '--format', '{{.ServerVersion}}'], {reject: false});
  if (failed) return `no daemon here (${stderr.split('\n')[0] || 'docker is not installed'})`;
  return "its arguments are podman's (test/sandbox/podman.test.ts); no test of its own";
}
