import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

type Node = {readonly '@id': string; readonly '@type': string | string[]} & Record<string, unknown>;

const AXES = ['agent', 'model', 'benchmark'];

async function ran(): Promise<Project> {
  const project = await newProject();
  const made = (name: string, declared: object, script: string): void => {
    project.stage(name, {run: ['bash', 'run.sh'], ...declared});
    project.write({[`stages/${name}/run.sh`]: script});
  };
  made(
    'post-train',
    {for: AXES, outputs: {final_model: 'model', trace: 'trace.jsonl'}, retry: {on: []}},
    '[ "$PTB_AGENT" != unlucky ] || exit 1\nmkdir model; echo weights >model/a; echo more >model/b; echo "{}" >trace.jsonl',
  );
  made(
    'evaluate',
    {for: AXES, needs: ['post-train'], outputs: {metrics: 'metrics.json'}},
    'echo \'{"accuracy": 0.5, "stderr": 0, "n": 9}\' >metrics.json',
  );
  const metrics = '{"accuracy": 0.5, "stderr": 0, "n": 9}';
  made('audit', {for: AXES, needs: ['post-train'], outputs: {audit: 'audit.json'}}, 'echo "{}" >audit.json');
  made(
    'baseline',
    {for: ['model', 'benchmark'], outputs: {base: 'base.json', instruct: 'instruct.json'}},
    `echo '${metrics}' | tee base.json >instruct.json`,
  );
  project.pipeline({
    name: 'crated',
    matrix: {agent: ['good', 'unlucky'], model: ['m'], benchmark: ['b+1']},
  });
  const run = await project.run().ended;
  expect(run.code, run.stderr).toBe(1);
  return project;
}

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'ptb-crate-'));
  onTestFinished(() => rmSync(dir, {recursive: true}));
  return dir;
};

const graphIn = (out: string): Map<string, Node> => {
  const {'@graph': graph} = JSON.parse(readFileSync(join(out, 'ro-crate-metadata.json'), 'utf8')) as {'@graph': Node[]};
  expect(new Set(graph.map((node) => node['@id'])).size).toBe(graph.length);
  return new Map(graph.map((node) => [node['@id'], node]));
};

const idsIn = (value: unknown): string[] =>
  [value]
    .flat()
    .flatMap((one) => (typeof one === 'object' && one !== null && '@id' in one ? [String(one['@id'])] : []));

const typesOf = ({'@type': type}: Node): string[] => [type].flat();

test('a crate names what ran, with which inputs, and holds each file that it names', async () => {
  await using project = await ran();
  const out = folder();
  const exported = await project.ptb('export', 'ro-crate', '--out', out, '--license', 'https://spdx.org/licenses/MIT')
    .ended;
  expect(exported.stderr).toBe('');
  expect(exported.code).toBe(0);
  const graph = graphIn(out);

  for (const node of graph.values()) {
    for (const value of Object.values(node)) {
      for (const id of idsIn(value).filter((one) => !one.startsWith('https://')))
        expect([...graph.keys()]).toContain(id);
    }
    const path = join(out, decodeURIComponent(node['@id']));
    if (!typesOf(node).includes('File') || node['@id'].startsWith('urn:')) continue;
    expect(existsSync(path), path).toBe(true);
    if (node.sha256 === undefined) continue;
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(node.sha256);
    expect(String(statSync(path).size)).toBe(node.contentSize);
  }

  const root = graph.get('./')!;
  expect(root).toMatchObject({license: {'@id': 'https://spdx.org/licenses/MIT'}, mainEntity: {'@id': 'pipeline.yaml'}});
  const actions = idsIn(root.mentions).map((id) => graph.get(id)!);
  const named = (name: string): Node => actions.find((action) => action.name === name)!;
  const trained = named('post-train:agent=good,model=m,benchmark=b+1');
  const evaluated = named('evaluate:agent=good,model=m,benchmark=b+1');
  expect(trained.actionStatus).toBe('http://schema.org/CompletedActionStatus');
  const [weights] = idsIn(trained.result).filter((id) => id.startsWith('urn:'));
  expect(graph.get(weights!)).toMatchObject({'@type': 'Dataset', contentSize: '13'});
  expect(idsIn(evaluated.object)).toContain(weights);
  expect(idsIn(evaluated.object)).toContain('project/stages/evaluate/run.sh');
  expect(named('post-train:agent=unlucky,model=m,benchmark=b+1')).toMatchObject({
    actionStatus: 'http://schema.org/FailedActionStatus',
    error: 'failed: exit 1',
  });
  for (const action of actions) {
    expect(idsIn(action.instrument).map((id) => typesOf(graph.get(id)!))[0]).toContain('SoftwareSourceCode');
  }

  const again = await project.ptb('export', 'ro-crate', '--out', out).ended;
  expect(again.code).toBe(0);
  expect(graphIn(out).get('./')).toMatchObject({license: {'@id': '#license'}});
});

test('a folder that holds something else is left alone, and a licence is an address', async () => {
  await using project = await ran();
  const out = folder();
  writeFileSync(join(out, 'thesis.tex'), 'all of it');
  const refused = await project.ptb('export', 'ro-crate', '--out', out).ended;
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('holds something else');
  expect(readFileSync(join(out, 'thesis.tex'), 'utf8')).toBe('all of it');
  const license = await project.ptb('export', 'ro-crate', '--license', 'MIT').ended;
  expect(license.code).toBe(2);
  expect(license.stderr).toContain('for instance https://spdx.org/licenses/CC-BY-4.0');
});
