import {
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {spawn} from 'node:child_process';
import {createServer, type AddressInfo, type Server} from 'node:net';
import {homedir, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {Argv} from '../../src/base/argv.js';
import {HOST} from '../../src/config/image.js';
import {parseExitRecord, type ExitRecord} from '../../src/executor/exit-record.js';
import {carried, jobScript} from '../../src/executor/job-script.js';
import type {Layout, Sandbox, SandboxSpec} from '../../src/sandbox/sandbox.js';
import {attacks, CANARY, type Limits, type Tenant} from './attacks.js';
import {ANSWERS, isLong, LINES, type Line} from './lines.js';
import {kill, killBelow, processes, processesBelow} from '../rig/processes.js';
import {until} from '../rig/until.js';

/** No process of a job is alive this many ms after its KILL. */
const SOON = 2000;

/** What the jobs ask for. */
const MEMORY_MB = 100;
const PROCESSES = 3000;

/** Lines that a kind of sandbox does not keep, each with the reason. Its test is then expected to fail. */
export type NotGuaranteed = Partial<Record<Line, string>>;

/** Every sandbox is judged by these lines; called once per kind. */
export function sandboxContract(
  title: string,
  find: () => Promise<Sandbox>,
  notGuaranteed: NotGuaranteed,
  /** Who starts the jobs, if not the user of the test. */
  user?: {readonly uid: number; readonly gid: number},
  image: SandboxSpec['image'] = HOST,
): void {
  let sandbox: Sandbox;
  let name: string;
  let root: string;
  let dir: string;
  let outside: Layout;
  let inside: Layout;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    sandbox = await find();
    server = createServer((wire) => wire.end('hello\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({port} = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.close();
  });

  beforeEach(() => {
    name = `ptb-contract-${process.pid}-${++jobs}`;
    root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-sandbox-')));
    dir = join(root, 'job');
    const part = (folder: string): string => {
      mkdirSync(join(dir, folder), {recursive: true});
      return join(dir, folder);
    };
    outside = {
      work: part('work'),
      files: part('files'),
      inputs: part('in'),
      out: part('made'),
      home: part('home'),
      tmp: part('tmp'),
      stepFile: join(dir, 'step.json'),
      path: '/usr/local/bin:/usr/bin:/bin',
    };
    inside = sandbox.inside(outside);
    writeFileSync(outside.stepFile, '{}');
    writeFileSync(join(outside.files, 'declared.txt'), 'declared', {mode: 0o444});
    mkdirSync(join(root, 'upstream'));
    writeFileSync(join(root, 'upstream/weights'), 'weights');
    writeFileSync(join(root, 'upstream/secret'), 'not taken');
    mkdirSync(join(outside.inputs, 'fetch'));
    symlinkSync(join(root, 'upstream/weights'), join(outside.inputs, 'fetch/weights'));
    mkdirSync(join(root, 'other-job'));
    writeFileSync(join(root, 'other-job/trace.txt'), 'other');
    writeFileSync(join(root, 'other-job/secrets'), `TOKEN=${CANARY}`);
    mkdirSync(join(root, 'runs/results/audit/cell'), {recursive: true});
    writeFileSync(join(root, 'runs/results/audit/cell/verdict.json'), '{"verdict":"clean"}');
  });
  afterEach(async () => {
    await killBelow(root);
    rmSync(root, {recursive: true});
  });

  const variables = (): readonly (readonly [string, string])[] => [
    ['PATH', inside.path],
    ['HOME', inside.home],
    ['PTB_STEP', inside.stepFile],
    ['PTB_FILES', inside.files],
    ['PTB_OUT', inside.out],
    ['PTB_IN_FETCH', join(inside.inputs, 'fetch')],
    ['PTB_NOTE', 'two words\nand "more"'],
  ];

  /** Starts the job as an executor does, with the same mounts that the engine gives every kind. */
  const start = (
    command: Argv,
    network: SandboxSpec['network'] = 'none',
    secrets: readonly string[] = [],
    {seconds, ...bounds}: Limits = {},
  ) => {
    const bind = (part: Exclude<keyof Layout, 'path' | 'inputs'>, access: 'read' | 'write') => ({
      from: outside[part],
      to: inside[part],
      access,
    });
    const spec: SandboxSpec = {
      name,
      image,
      environment: carried(variables(), secrets),
      memoryMb: MEMORY_MB,
      mounts: [
        bind('tmp', 'write'),
        bind('home', 'write'),
        bind('work', 'write'),
        bind('out', 'write'),
        bind('files', 'read'),
        bind('stepFile', 'read'),
        {from: join(root, 'upstream/weights'), to: join(inside.inputs, 'fetch/weights'), access: 'read'},
      ],
      workdir: inside.work,
      network,
      gpus: 'none',
      processes: bounds.processes ?? PROCESSES,
    };
    const disk = {parts: ['work', 'made', 'home', 'tmp'], attempts: dirname(dirname(root)), leastMb: 30, freeMb: 0};
    const run = {
      command: sandbox.wrap(spec, command),
      workdir: outside.work,
      environment: variables(),
      graceSeconds: 0.5,
      ...(seconds === undefined ? {} : {seconds}),
      ends: sandbox.ends,
      ...(sandbox.carry ? {carry: sandbox.carry} : {}),
      ...(sandbox.beside ? {beside: {term: sandbox.beside.term(name), remove: sandbox.beside.remove(name)}} : {}),
    };
    writeFileSync(
      join(dir, 'job.sh'),
      jobScript({
        title: 'a job',
        dir,
        run,
        secrets,
        bounds: {processes: PROCESSES, logMb: 100, ...bounds, disk: {...disk, ...bounds.disk}},
      }),
    );
    if (user) for (const path of everythingIn(root)) lchownSync(path, user.uid, user.gid);
    return execa('bash', ['job.sh'], {
      cwd: dir,
      ...user,
      detached: true,
      stdio: 'ignore',
      env: {PATH: process.env.PATH!, LEAK: 'leak'},
      extendEnv: false,
      reject: false,
    });
  };
  const ended = async (job: ReturnType<typeof start>): Promise<ExitRecord> => {
    await job;
    return parseExitRecord(readFileSync(join(dir, 'exit.json'), 'utf8'))!;
  };
  /** Runs a bash script to its end; its exit code. */
  const bash = async (script: string, network: SandboxSpec['network'] = 'none'): Promise<number> =>
    (await ended(start(['bash', '-c', script], network))).code;
  const tenant: Tenant = {
    at: () => ({root, dir, outside, inside}),
    prey: (mark) => spawn('sleep', [mark], {...user, env: {PATH: process.env.PATH, CANARY}, stdio: 'ignore'}),
    attack: (script, limits = {}, args = []) => ended(start(['python3', '-c', script, ...args], 'none', [], limits)),
    said: () => said(),
  };
  const said = (): string => readFileSync(join(dir, 'stdout.log'), 'utf8');

  const checks: Readonly<Record<Line, () => Promise<void>>> = {
    ...attacks(tenant),
    async 'the work folder is writable, and what is written there is seen outside'() {
      expect(await bash('mkdir -p task && echo model >task/model && chmod +x task/model && pwd -P')).toBe(0);
      expect(readFileSync(join(outside.work, 'task/model'), 'utf8')).toBe('model\n');
      expect(said()).toBe(`${inside.work}\n`);
    },
    async 'out is writable'() {
      expect(await bash('echo log >"$PTB_OUT/log.txt"')).toBe(0);
      expect(readFileSync(join(outside.out, 'log.txt'), 'utf8')).toBe('log\n');
    },
    async 'home and /tmp are of its own, and writable'() {
      const name = `ptb-sandbox-test-${process.pid}`;
      try {
        expect(await bash(`ls -A ~ /tmp; echo 1 >~/${name} && echo 2 >/tmp/${name}`)).toBe(0);
        expect(existsSync(join(tmpdir(), name))).toBe(false);
      } finally {
        rmSync(join(tmpdir(), name), {force: true});
      }
      expect(readdirSync(outside.home)).toEqual([name]);
      expect(readdirSync(outside.tmp)).toEqual([name]);
      expect(said()).toMatch(/^\/tmp:$/m);
    },
    async 'files, inputs and the step file are read-only'() {
      const code = await bash(`
        grep -q declared "$PTB_FILES/declared.txt" && grep -q weights "$PTB_IN_FETCH/weights" && [ -s "$PTB_STEP" ] || exit 9
        chmod -R u+w "$PTB_FILES" "$PTB_IN_FETCH/weights" "$PTB_STEP" 2>/dev/null
        for file in "$PTB_FILES/declared.txt" "$PTB_FILES/new" "$PTB_IN_FETCH/weights" "$PTB_STEP"; do
          { echo changed >>"$file"; } 2>/dev/null && echo "$file"
        done
        rm -f "$PTB_FILES/declared.txt" 2>/dev/null && echo removed
        exit 0`);
      expect([code, said()]).toEqual([0, '']);
      expect(readFileSync(join(root, 'upstream/weights'), 'utf8')).toBe('weights');
    },
    async 'the system is read-only'() {
      const file = `/usr/ptb-sandbox-test-${process.pid}`;
      try {
        expect(await bash(`{ : >${file}; } 2>/dev/null`)).not.toBe(0);
      } finally {
        rmSync(file, {force: true});
      }
    },
    async 'the home of the host, the project and other jobs are not visible'() {
      const project = fileURLToPath(new URL('../..', import.meta.url));
      const hidden = [
        `${project}package.json`,
        join(root, 'other-job/trace.txt'),
        join(root, 'other-job/secrets'),
        join(root, 'runs/results'),
        join(dir, 'exit.json'),
        join(root, 'upstream/secret'),
        join(dir, 'job.sh'),
        // What every new home holds may stand in an image too.
        ...(homedir() === '/' ? [] : readdirSync(homedir()).filter((file) => !/^\.(bash|profile)/.test(file))).map(
          (file) => join(homedir(), file),
        ),
      ];
      const seen = hidden.map((path) => `[ -e '${path}' ] && echo '${path}'`).join('\n');
      await bash(`${seen}\nls "$PTB_IN_FETCH"`);
      expect(said()).toBe('weights\n');
    },
    async 'a link does not lead out of it'() {
      symlinkSync(join(root, 'other-job'), join(outside.work, 'link'));
      await bash('cat link/trace.txt');
      expect(said()).toBe('');
    },
    async 'processes of the host are neither visible nor to be signalled'() {
      const code = await bash(
        `for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$file"; echo; done; ! kill -0 ${process.pid} 2>/dev/null`,
      );
      expect(code).toBe(0);
      expect(said()).not.toContain('vitest');
      expect(said()).not.toContain('job.sh');
    },
    async 'no network is reached when none was asked for'() {
      expect(await bash(`exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`)).not.toBe(0);
      expect(said()).toBe('');
    },
    async 'the network is reached when it was asked for'() {
      expect(await bash(`exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`, 'host')).toBe(0);
      expect(said()).toBe('hello\n');
    },
    async 'only the allowed variables are set'() {
      await ended(start(['env', '-0']));
      const seen = Object.fromEntries(
        said()
          .split('\0')
          .filter((variable) => variable !== '')
          .map((variable) => [variable.slice(0, variable.indexOf('=')), variable.slice(variable.indexOf('=') + 1)]),
      );
      // bwrap sets the folder it changes to; an image has libraries of its own.
      const {PWD = inside.work, LD_LIBRARY_PATH: _, ...rest} = seen;
      expect(rest).toEqual({...Object.fromEntries(variables()), LANG: 'C.UTF-8'});
      expect(PWD).toBe(inside.work);
    },
    async 'an argument arrives as it was given'() {
      const odd = [
        '',
        ' ',
        'two words',
        "it's",
        '"',
        '$HOME `id` $(id)',
        '\\',
        '\\n',
        'a\nb',
        '*',
        '-n',
        '--',
        'ü 🙂',
        "'; exit 9 #",
      ];
      await ended(start(['bash', '-c', `printf '%s\\0' "$@"`, 'name', ...odd]));
      expect(said().split('\0').slice(0, -1)).toEqual(odd);
    },
    async 'exit codes pass through'() {
      for (const code of [0, 3, 75, 255]) {
        rmSync(join(dir, 'claimed'), {recursive: true, force: true});
        expect(await bash(`exit ${code}`)).toBe(code);
      }
    },
    async 'deaths by signal pass through'() {
      for (const [signal, number] of [
        ['KILL', 9],
        ['SEGV', 11],
        ['ABRT', 6],
      ] as const) {
        rmSync(join(dir, 'claimed'), {recursive: true, force: true});
        // Not the first process of a pid namespace, which a signal of its own cannot end.
        expect(await bash(`bash -c 'kill -${signal} $$'; exit $?`)).toBe(128 + number);
      }
    },
    async 'TERM reaches every process, each of which may save what it has'() {
      const saving = (file: string, code: number): string =>
        `trap 'echo saved >${file}; exit ${code}' TERM; : >up-${file}; until [ -e go ]; do sleep 0.02; done`;
      const script = `setsid bash -c "${saving('child', 1)}" & ${saving('saved', 0).replace('exit 0', 'until [ -e child ]; do sleep 0.02; done; exit 0')}`;
      const job = start(['bash', '-c', script]);
      const isUp = (file: string): boolean => existsSync(join(outside.work, `up-${file}`));
      await until(() => isUp('child') && isUp('saved'), 'the script is up');
      process.kill(job.pid!, 'SIGTERM');
      expect(await ended(job)).toMatchObject({endedBy: 'cancel', code: 0});
      for (const file of ['saved', 'child']) expect(readFileSync(join(outside.work, file), 'utf8')).toBe('saved\n');
    },
    async 'KILL ends what ignores TERM'() {
      const mark = `1005.${process.pid}`;
      const job = start(['bash', '-c', `trap '' TERM; sleep ${mark} & sleep ${mark}`]);
      await until(() => sleeping([mark]).length === 2, 'the script is up');
      process.kill(job.pid!, 'SIGTERM');
      expect(await ended(job)).toMatchObject({endedBy: 'cancel', code: 137});
      expect(sleeping([mark])).toEqual([]);
      expect(processesBelow(root)).toEqual([]);
    },
    async 'all ends when the script and its whole session are killed'() {
      const mark = `1006.${process.pid}`;
      const job = start(['bash', '-c', `sleep ${mark}; true`]);
      await until(() => sleeping([mark]).length === 1, 'the script is up');
      kill(processes().filter(({session}) => session === job.pid));
      await job;
      try {
        await until(() => sleeping([mark]).length === 0, 'nothing of the job is left', SOON);
      } finally {
        for (const pid of sleeping([mark])) process.kill(pid, 'SIGKILL');
        // Its keeper was killed as well, and podman believes it to run until somebody looks.
        if (sandbox.beside) {
          const [program, ...args] = sandbox.beside.remove(name);
          await execa(program, args, {cwd: '/', ...user, env: {PATH: process.env.PATH!}, extendEnv: false});
        }
      }
    },
    async 'more memory than it asked for ends the job, and only it'() {
      if (!sandbox.limitsMemory) throw new Error('the sandbox says that it cannot limit memory here');
      expect(await bash(`python3 -c 'x = bytearray(${4 * MEMORY_MB} << 20); print(len(x))'`)).not.toBe(0);
      expect(said()).toBe('');
    },
    async 'a secret arrives, and stands in no argument list'() {
      const secret = `canary-${process.pid}`;
      writeFileSync(join(dir, 'secrets'), `TOKEN=${secret}\n`, {mode: 0o600});
      const job = start(['bash', '-c', 'echo "$TOKEN" >token; : >up; until [ -e go ]; do sleep 0.02; done'], 'none', [
        'TOKEN',
      ]);
      await until(() => existsSync(join(outside.work, 'up')), 'the script is up');
      const lists = processes().map(({args}) => args.join(' '));
      writeFileSync(join(outside.work, 'go'), '');
      expect((await ended(job)).code).toBe(0);
      expect(readFileSync(join(outside.work, 'token'), 'utf8')).toBe(`${secret}\n`);
      expect(lists.filter((list) => list.includes(secret))).toEqual([]);
      expect(readFileSync(join(dir, 'job.sh'), 'utf8')).not.toContain(secret);
    },
    async 'all processes end with the job'() {
      const marks = [1001, 1002, 1003].map((n) => `${n}.${process.pid}`);
      await bash(`sleep ${marks[0]} & set -m; sleep ${marks[1]} & setsid -f sleep ${marks[2]}; exit 0`);
      await until(() => sleeping(marks).length === 0, 'nothing of the job is left', SOON);
    },
    async 'a daemon that hides ends with the job'() {
      const mark = `1004.${process.pid}`;
      // Not before it has left the job's session: what is still in there ends with it in any sandbox.
      const daemon = `: >"$0/hidden"; exec sleep ${mark}`;
      await bash(
        `w=$PWD; cd /; env -i setsid -f bash -c '${daemon}' "$w"; until [ -e "$w/hidden" ]; do sleep 0.02; done`,
      );
      try {
        await until(() => sleeping([mark]).length === 0, 'nothing of the job is left', SOON);
      } finally {
        for (const pid of sleeping([mark])) process.kill(pid, 'SIGKILL');
      }
    },
  };

  describe(`sandbox ${title}`, () => {
    for (const line of LINES) {
      if (isLong(line) && process.env.PTB_ESCAPE === undefined) continue;
      // The small image of test/lab has not all of Python.
      if (line === ANSWERS && image.kind !== 'host') continue;
      const reason = notGuaranteed[line];
      if (reason === undefined) test(line, checks[line]);
      else test.fails(`NOT GUARANTEED (${reason}): ${line}`, checks[line]);
    }
  });
}

const everythingIn = (folder: string): string[] => [
  folder,
  ...readdirSync(folder, {recursive: true, encoding: 'utf8'}).map((path) => join(folder, path)),
];

/** Each job has a name of its own. */
let jobs = 0;

/** Processes `sleep MARK`. */
const sleeping = (marks: readonly string[]): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const [program, mark] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return program === 'sleep' && marks.includes(mark!);
      } catch {
        return false;
      }
    })
    .map(Number);
