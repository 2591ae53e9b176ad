// npm run test:escape: every line of the sandbox contract tried in every sandbox, as a table. A sandbox that this machine lacks has no
// column; what one does not guarantee is named below, with the reason.
import Table from 'cli-table3';
import {execa} from 'execa';
import {LINES} from './sandbox/lines.js';

type Told = {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: 'passed' | 'failed' | 'skipped';
    }[];
  }[];
};

const {stdout} = await execa('npx', ['vitest', 'run', 'test/sandbox', '--reporter=json'], {reject: false});
const {testResults} = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Told;
/** Sandbox, then line, to what came of it. */
const found = new Map<string, Map<string, string>>();
const reasons: string[] = [];
let wrong = 0;
for (const {ancestorTitles, title, status} of testResults.flatMap(({assertionResults}) => assertionResults)) {
  const sandbox = ancestorTitles.at(-1)?.replace(/^sandbox /, '');
  const [, reason, line = title] = /^NOT GUARANTEED \((.*?)\): (.*)$/.exec(title) ?? [];
  if (sandbox === undefined || !LINES.some((one) => one === line)) continue;
  const column = found.get(sandbox) ?? new Map<string, string>();
  found.set(sandbox, column);
  if (status !== 'passed') wrong++;
  if (reason !== undefined) reasons.push(`${sandbox}: ${line}: ${reason}`);
  column.set(line, status !== 'passed' ? 'BROKEN' : reason === undefined ? 'kept' : 'not guaranteed');
}
const sandboxes = [...found.keys()].sort();
const table = new Table({
  head: ['', ...sandboxes],
  colWidths: [44, ...sandboxes.map(() => 13)],
  wordWrap: true,
  style: {head: [], border: []},
});
for (const line of LINES) table.push([line, ...sandboxes.map((sandbox) => found.get(sandbox)!.get(line) ?? '')]);
process.stdout.write(`${table.toString()}\n`);
for (const reason of reasons.sort()) process.stdout.write(`not guaranteed: ${reason}\n`);
process.stdout.write(
  `${sandboxes.length} sandboxes, ${LINES.length} lines, ${reasons.length} not guaranteed, ${wrong} broken\n`,
);
process.exitCode = wrong === 0 && sandboxes.length > 0 ? 0 : 1;
