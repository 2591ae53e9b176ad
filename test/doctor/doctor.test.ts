import {chmodSync, cpSync} from 'node:fs';
import {createServer} from 'node:http';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {schema} from '../../src/config/schemas.js';
import {standInGpus} from '../cli/gpus.js';
import {newProject, type Project} from '../rig/project.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

type Check = {check: string; state: string; text: string; remedy: string | null};
type Doctor = {ready: boolean; checks: Check[]};

async function doctor(
  project: Project,
  ...flags: string[]
): Promise<Doctor & {code: number | undefined; of: (check: string) => Check}> {
  const {code, stdout, stderr} = await project.ptb('doctor', '--json', ...flags).ended;
  if (stdout === '') throw new Error(stderr);
  const said = JSON.parse(stdout) as Doctor;
  const validate = schema('doctor')!;
  validate(said);
  expect(validate.errors ?? []).toEqual([]);
  return {...said, code, of: (check) => said.checks.find((one) => one.check === check)!};
}

const CATALOG = {model: {a: {key: ['KEY_A', 'KEY_A_OLD']}, b: {key: ['KEY_B']}}};

/** A stage whose steps need a login each, one of them with a licence behind it. */
async function withLogins(): Promise<Project> {
  const project = await newProject();
  project
    .stage('train', {
      for: ['model'],
      logins: [{'one-of': ['${{ model.key }}']}, {'one-of': ['HUB_TOKEN'], for: '${{ model.licence? }}'}],
      sandbox: {secrets: ['${{ model.key }}']},
    })
    .answers({'out.txt': 'trained'});
  const b = {...CATALOG.model.b, licence: 'https://hub.test/b'};
  project.pipeline({matrix: {model: ['a', 'b']}, catalog: {model: {...CATALOG.model, b}}});
  return project;
}

test('a login that is missing: who needs it, and every way out; run refuses in the same words, with no trace', async () => {
  await using project = await withLogins();
  project.env.KEY_A_OLD = 'secret-a';
  const {code, ready, of} = await doctor(project);
  expect([code, ready]).toEqual([3, false]);
  expect(of('KEY_A_OLD').state).toBe('ok');
  expect(of('KEY_B')).toEqual({
    check: 'KEY_B',
    state: 'fail',
    text: 'train (model=b) needs KEY_B',
    remedy: 'export KEY_B=…; or leave out what needs it: --only model=a',
  });
  expect(of('HUB_TOKEN').remedy).toBe(
    'accept the licence at https://hub.test/b, and export HUB_TOKEN=…; or leave out what needs it: --only model=a',
  );

  const run = await project.run().ended;
  expect([run.code, run.stdout]).toEqual([3, '']);
  expect(run.stderr).toContain('train (model=b) needs KEY_B');
  expect(run.stderr).toContain('--only model=a');
  expect(project.has('runs/controller.json') || project.has('runs/journal')).toBe(false);

  expect((await project.run('--only', 'model=a').ended).code).toBe(0);
  Object.assign(project.env, {KEY_B: 'secret-b', HUB_TOKEN: 'secret-hub'});
  expect((await doctor(project)).code).toBe(0);
  expect((await project.run().ended).code).toBe(0);
  // What is cached needs no login.
  delete project.env.HUB_TOKEN;
  expect((await project.run().ended).code).toBe(0);
});

test('what only optional steps need is no reason not to start', async () => {
  await using project = await newProject();
  project.stage('judge', {logins: [{'one-of': ['JUDGE_KEY']}]}).answers({'out.txt': 'ok'});
  project.stage('audit', {needs: [{stage: 'judge', optional: true}]}).answers({'out.txt': 'ok'});
  project.pipeline();
  const {code, of} = await doctor(project);
  expect([code, of('JUDGE_KEY').state]).toEqual([0, 'warn']);
  const run = await project.run().ended;
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('judge needs JUDGE_KEY');
});

test('more disk than there is, GPUs of another name, slots, no sandbox', async () => {
  await using project = await newProject();
  project.stage('train', {
    sandbox: {gpu: true},
    resources: {gpus: 1, 'gpu-name': 'H100', cpus: 400, disk: '9000TB'},
  });
  project.pipeline();
  standInGpus(project, 1);
  const {code, of} = await doctor(project);
  expect(code).toBe(3);
  expect(of('GPUs').text).toBe('a step asks for 1 H100 GPU, and here: stand-in');
  expect(of('slots').text).toContain('stage "train" cannot run on this machine: it asks for 400 CPUs, and there are 4');
  expect(of('disk').text).toMatch(/are free at .*\/runs, and steps may use 9000.0 TB for one of train$/);
  expect(of('sandbox')).toMatchObject({state: 'ok', text: 'none: agents see all that you see'});
  const run = await project.run().ended;
  expect(run.code).toBe(3);
  expect(run.stderr).toContain('9000.0 TB');
});

test('a key in a file that all may read', async () => {
  await using project = await withLogins();
  project.env.KEY_A = 'a-long-secret';
  project.env.KEY_B = 'b-long-secret';
  project.write({'.env': 'export KEY_A=a-long-secret\n'});
  chmodSync(join(project.root, '.env'), 0o644);
  chmodSync(project.root, 0o755);
  const {of, checks} = await doctor(project);
  expect(of('key file').text).toBe(`${project.root}/.env holds KEY_A, and everybody here may read it`);
  expect(JSON.stringify(checks)).not.toContain('a-long-secret');
  chmodSync(join(project.root, '.env'), 0o600);
  expect((await doctor(project)).of('key file')).toBeUndefined();
});

test("a stage's own script: its parameters and secrets, once for each value; an edit to it runs nothing again", async () => {
  await using project = await withLogins();
  Object.assign(project.env, {KEY_A: 'secret-a', KEY_B: 'secret-b', OTHER: 'x'});
  const script = (more = ''): void =>
    project.write({
      'stages/train/doctor.sh': `printf 'warn\\t%s\\t%s\\tlook\\n' "$PTB_MODEL" "$PTB_MODEL_BASE \${KEY_A:-no} \${OTHER:-no} \${PTB_ONLINE:-off}"${more}\n`,
    });
  script();
  project
    .stage('train', {
      for: ['model', 'hours'],
      fields: ['model.base'],
      sandbox: {secrets: ['${{ model.key }}']},
      doctor: {run: ['bash', 'doctor.sh'], for: ['model']},
    })
    .answers({'out.txt': 'trained'});
  const [a, b] = [
    {...CATALOG.model.a, base: 'org/a'},
    {...CATALOG.model.b, base: 'org/b'},
  ];
  project.pipeline({matrix: {model: ['a', 'b'], hours: [1, 2]}, catalog: {model: {a, b}}});
  const {checks} = await doctor(project);
  const said = checks.filter(({check}) => check === 'a' || check === 'b').map(({text}) => text);
  expect(said).toEqual(['org/a secret-a no off', 'org/b no no off']);
  expect((await doctor(project, '--online')).of('a').text).toBe('org/a secret-a no 1');

  expect((await project.run().ended).code).toBe(0);
  script('\nexit 3');
  expect((await project.plan()).map(({verdict}) => verdict)).toEqual(['cached', 'cached', 'cached', 'cached']);
  const broken = await doctor(project);
  expect([broken.code, broken.of('train').state]).toEqual([3, 'fail']);
});

test('agents: a key is tried by a call of its provider, through the proxy, and stands in no argument', async () => {
  await using project = await newProject();
  const asked: {url: string; authorization: string | undefined}[] = [];
  const provider = createServer((request, response) => {
    const {authorization} = request.headers;
    asked.push({url: request.url!, authorization});
    response.writeHead(authorization === 'Bearer good-key' ? 200 : 401).end();
  });
  const connects: string[] = [];
  provider.on('connect', (request, socket) => {
    connects.push(request.url!);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(provider.address() as {port: number}).port}`;
  try {
    cpSync(join(REPOSITORY, 'agents'), join(project.root, 'agents'), {recursive: true});
    project.stage('train', {
      for: ['agent'],
      fields: ['agent.use', 'agent.login?', 'agent.base-url?', 'agent.key?'],
      sandbox: {secrets: ['${{ agent.secrets? }}'], pass: ['https_proxy']},
      logins: [{'one-of': ['${{ agent.secrets? }}']}],
      doctor: {run: ['bash', 'doctor.sh'], for: ['agent']},
    });
    cpSync(join(REPOSITORY, 'stages/post-train/doctor.sh'), join(project.root, 'stages/train/doctor.sh'));
    const elsewhere = {use: 'claude', 'base-url': url, key: 'GOOD', secrets: ['GOOD']};
    project.pipeline({
      matrix: {agent: ['elsewhere', 'refused', 'direct', 'signed-in', 'forgotten']},
      catalog: {
        agent: {
          from: 'agents',
          elsewhere,
          refused: {...elsewhere, use: 'opencode', key: 'BAD', secrets: ['BAD']},
          direct: {use: 'codex'},
          'signed-in': {use: 'codex', login: 'subscription'},
          forgotten: {use: 'claude', login: 'subscription'},
        },
      },
    });
    Object.assign(project.env, {
      GOOD: 'good-key',
      BAD: 'bad-key',
      OPENAI_API_KEY: 'k',
      CODEX_AUTH_JSON: '{}',
      ANTHROPIC_API_KEY: 'k',
      https_proxy: url,
    });
    const offline = await doctor(project);
    expect(asked).toEqual([]);
    expect(offline.of('forgotten').text).toBe('its login needs CLAUDE_CODE_OAUTH_TOKEN');
    const {of} = await doctor(project, '--online');
    expect(of('elsewhere')).toMatchObject({state: 'ok', text: `${url}/v1/models takes its key`});
    expect(of('refused')).toMatchObject({state: 'fail', text: `${url}/models does not take its key (HTTP 401)`});
    expect(of('direct').text).toBe('https://api.openai.com/v1/models does not answer');
    expect(of('signed-in').state).toBe('ok');
    expect(connects).toEqual(['api.openai.com:443']);
    expect(asked.map((one) => one.url).sort()).toEqual(['/models', '/v1/models']);
  } finally {
    provider.close();
  }
});

test('offline: no token is asked for, and what the cache lacks is named with the way to get it', async () => {
  await using project = await newProject();
  for (const stage of ['fetch', 'fetch-data']) {
    cpSync(join(REPOSITORY, 'stages', stage), join(project.root, 'stages', stage), {recursive: true});
  }
  cpSync(join(REPOSITORY, 'stages/environment'), join(project.root, 'stages/environment'), {recursive: true});
  project.write({
    'evals/sums/evaluate.py': '',
    'cache/models--org--base/snapshots/c1/config.json': '{}',
    'cache/datasets--org--sums/snapshots/c1/data.json': '{}',
  });
  project.pipeline({
    matrix: {model: ['a'], benchmark: ['sums']},
    catalog: {
      model: {a: {base: 'org/base', instruct: 'org/instruct', licence: 'https://hub.test/org/base'}},
      benchmark: {sums: {data: {repo: 'org/sums'}}},
    },
    hub: {cache: join(project.root, 'cache')},
    stages: Object.fromEntries(
      ['environment', 'fetch', 'fetch-data'].map((stage) => [
        stage,
        {resources: {cpus: 1, memory: '1GB', disk: '1GB'}},
      ]),
    ),
  });
  expect((await doctor(project)).of('HF_TOKEN').remedy).toContain('accept the licence at https://hub.test/org/base');
  const {code, checks} = await doctor(project, '--offline');
  expect(checks.some(({check}) => check === 'HF_TOKEN')).toBe(false);
  expect(checks.filter(({check}) => check === 'hub, offline').map(({state, text}) => `${state} ${text}`)).toEqual([
    `ok org/base is in ${project.root}/cache`,
    `fail org/instruct is not in ${project.root}/cache`,
    `ok org/sums is in ${project.root}/cache`,
  ]);
  expect(code).toBe(3);
});
