import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';
import {startedBy} from '../rig/look.js';

// A judge is asked again by the next run, but until then its cells have their verdicts from the other checks.

const AXES = ['agent', 'model', 'benchmark'];

async function withJudge(): Promise<Project> {
  const project = await newProject();
  const made = (name: string, declared: object, script: string): void => {
    project.stage(name, {run: ['bash', '-c', script], ...declared});
  };
  made('post-train', {for: AXES, outputs: {trace: 'trace.jsonl'}}, 'echo "{}" >trace.jsonl');
  const answer = '[ "$PTB_AGENT" = good ] && echo "{}" >judgement.json';
  made('judge', {for: AXES, needs: ['post-train'], outputs: {judgement: 'judgement.json'}, retry: {on: []}}, answer);
  const verdict = `[ -e "$PTB_IN_JUDGE/judgement.json" ] && said=clean || said=unjudged
echo '{"version": 1, "flagged": false, "flags": [], "findings": [], "skipped": [], "judged": "'$said'"}' >audit.json`;
  const needs = ['post-train', {stage: 'judge', optional: true}];
  made('audit', {for: AXES, needs, outputs: {audit: 'audit.json'}}, verdict);
  const metrics = (file: string): string => `echo '{"accuracy": 0.5, "stderr": 0, "n": 9}' >${file}.json`;
  made('evaluate', {for: AXES, needs: ['post-train'], outputs: {metrics: 'metrics.json'}}, metrics('metrics'));
  made(
    'baseline',
    {for: ['model', 'benchmark'], outputs: {base: 'base.json', instruct: 'instruct.json'}},
    `${metrics('base')}; ${metrics('instruct')}`,
  );
  project.pipeline({matrix: {agent: ['good', 'unlucky'], model: ['m'], benchmark: ['b']}});
  return project;
}

test('cells whose judge failed are scored and said to be unjudged, in the table, the audits and the status', async () => {
  await using project = await withJudge();
  expect((await project.run().ended).code).toBe(1);

  const table = await project.ptb('table').ended;
  expect(table.stdout).toContain('1 of 2 cells are unjudged: the judge failed');
  expect(table.stdout).not.toContain('not yet run');
  expect((await project.ptb('audit', 'list').ended).stdout).toContain('unjudged: the judge failed');
  const audits = (await project.status()).filter(({id}) => id.startsWith('audit:'));
  expect(audits.map(({state}) => state)).toEqual(['done', 'done']);

  expect(startedBy(await project.run().ended)).toEqual(['judge:agent=unlucky,model=m,benchmark=b']);
});

test('a cell is named as the list of audits prints it; a name that none has gets a hint, one that several have the list', async () => {
  await using project = await withJudge();
  const show = async (cell: string) => project.ptb('audit', 'show', cell).ended;

  for (const name of ['agent=good,model=m,benchmark=b', 'audit:agent=good,model=m,benchmark=b', 'good', 'm good']) {
    const {code, stdout} = await show(name);
    expect([code, stdout.split('\n')[0]], name).toEqual([0, 'agent=good,model=m,benchmark=b: pending']);
  }
  for (const [name, said] of [
    ['agent=unluky,model=m', 'did you mean "unlucky"?'],
    ['agnt=good', 'did you mean "agent"?'],
    ['nothing like it', 'known: good, m, b, unlucky'],
    ['agent=good,agent=unlucky', 'ptb audit list names them'],
    ['m', '"m" names 2 cells; say which:\n  agent=good,model=m,benchmark=b\n'],
  ] as const) {
    const {code, stderr} = await show(name);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  }
});
