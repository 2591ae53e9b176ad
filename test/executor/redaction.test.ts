import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {outcomeOf, parseExitRecord, type ExitRecord} from '../../src/executor/exit-record.js';
import type {Job, JobName} from '../../src/executor/executor.js';
import {jobScript} from '../../src/executor/job-script.js';
import {local} from '../../src/executor/local.js';
import {formLines, formsOf, passwordsIn} from '../../src/executor/secret-forms.js';
import {isRunning, killBelow, processesBelow} from '../rig/processes.js';
import {until} from '../rig/until.js';

const PROGRAM = fileURLToPath(new URL('../../src/bin/redact.pl', import.meta.url));
const CANARY = 'sk-canary-api03/abcdEFGH+ijkl0123456789~mnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-42';
const LOGIN = JSON.stringify(
  {tokens: {access_token: 'eyJhbGciOiJSUzI1NiJ9.canary-access', account_id: 'none'}},
  null,
  2,
);
const SECRETS = [
  ['A_KEY', CANARY],
  ['LOGIN_JSON', LOGIN],
] as const;
const MASK = '[redacted A_KEY]';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-redaction-')));
});
afterEach(async () => {
  await killBelow(root);
  rmSync(root, {recursive: true});
});

/** The bytes that come out of the filter for these blocks, each written by itself. */
async function filtered(blocks: Iterable<Buffer | string>): Promise<Buffer> {
  mkdirSync(join(root, 'claimed'), {recursive: true});
  writeFileSync(join(root, 'forms'), formLines(SECRETS));
  const filter = execa('bash', ['-c', `exec perl ${PROGRAM} 3</dev/null 4</dev/null 5<forms`], {
    cwd: root,
    encoding: 'buffer',
    stdin: 'pipe',
    stripFinalNewline: false,
  });
  for (const block of blocks) {
    if (!filter.stdin.write(block)) await new Promise((resolve) => filter.stdin.once('drain', resolve));
  }
  filter.stdin.end();
  return Buffer.from((await filter).stdout);
}

describe('what is searched for', () => {
  const encoded = (before: string, encoding: 'base64' | 'base64url'): string =>
    Buffer.from(`${before}${CANARY} and more`).toString(encoding);
  const wrapped = (text: string, by: string): string => text.replaceAll(/.{76}/g, `$&${by}`);
  const spellings: [string, string][] = [
    ['as it is', CANARY],
    ...['', 'x', 'xy'].flatMap((before): [string, string][] => [
      [`in base64 after ${before.length} bytes`, encoded(before, 'base64')],
      [`in url-safe base64 after ${before.length} bytes`, encoded(before, 'base64url')],
      [`in base64, wrapped, after ${before.length} bytes`, wrapped(encoded(before, 'base64'), '\n')],
      [`in base64, wrapped, in JSON, after ${before.length} bytes`, wrapped(encoded(before, 'base64'), '\\n')],
    ]),
    ['in base64 in lines of 4', encoded('', 'base64').replaceAll(/.{4}/g, '$&\r\n')],
    ['url-encoded', encodeURIComponent(CANARY)],
    ['url-encoded in small letters', encodeURIComponent(CANARY).replaceAll(/%../g, (byte) => byte.toLowerCase())],
    ['url-encoded whole', Buffer.from(CANARY).toString('hex').replaceAll(/../g, '%$&')],
    ['in JSON of PHP', JSON.stringify(CANARY).replaceAll('/', '\\/')],
    ['in hexadecimal', Buffer.from(CANARY).toString('hex')],
    ['a token of a login', 'eyJhbGciOiJSUzI1NiJ9.canary-access'],
    ['a login in JSON', JSON.stringify(LOGIN)],
    ['a login', LOGIN],
  ];
  test.each(spellings)('%s, whole, and a byte at a time', async (_how, text) => {
    const line = `before ${text} after\n`;
    const whole = await filtered([line]);
    expect(whole.toString()).toMatch(/^before \S*\[redacted (A_KEY|LOGIN_JSON)\][^]* after\n$/);
    for (const form of SECRETS.flatMap(([, value]) => formsOf(value))) expect(whole.includes(form)).toBe(false);
    expect(whole.length).toBeLessThan(90);
    expect((await filtered(Array.from(line))).toString()).toBe(whole.toString());
  });

  test('nothing else is changed: any bytes, what looks like a secret, and the beginning of one', async () => {
    const bytes = Buffer.from(Array.from({length: 70_000}, (_, n) => (n * 7919) % 256));
    const beginnings = Array.from({length: CANARY.length / 2 - 1}, (_, n) => `${CANARY.slice(0, n)}\n\\n\\\\`).join('');
    const all = Buffer.concat([bytes, Buffer.from(`${beginnings} \0 \\`), bytes, Buffer.from(CANARY.slice(0, 20))]);
    expect(Buffer.compare(await filtered([all]), all)).toBe(0);
  });

  test('of two that begin alike the longer one, and what is cut off in its second half', async () => {
    const text = `${CANARY}${CANARY} ${CANARY.slice(0, -3)}! ${CANARY.slice(0, -1)}`;
    expect((await filtered([text])).toString()).toBe(`${MASK}${MASK} ${CANARY.slice(0, -3)}! ${MASK}`);
  });

  test('short secrets are not searched for, and of addresses only the password', () => {
    expect(formsOf('1234567').map(String)).not.toContain('1234567');
    expect(passwordsIn('http://user:pass%20word@proxy:3128')).toEqual(['pass%20word']);
    expect(passwordsIn('https://token@index/simple https://plain/')).toEqual(['token']);
    expect(passwordsIn('localhost,10.0.0.0/8')).toEqual([]);
  });

  test('a line without end: its size stays out of memory, and 100 MB pass in seconds', {timeout: 60_000}, async () => {
    writeFileSync(join(root, 'line'), 'loss 0.1234 step {"text":"a\\nb"} '.repeat(3_000_000));
    writeFileSync(join(root, 'forms'), formLines(SECRETS));
    mkdirSync(join(root, 'claimed'));
    const before = performance.now();
    const script = `ulimit -v 200000; exec perl ${PROGRAM} 3</dev/null 4</dev/null 5<forms <line >log`;
    await execa('bash', ['-c', script], {cwd: root});
    expect(performance.now() - before).toBeLessThan(30_000); // on a machine that does much else
    await execa('cmp', ['line', 'log'], {cwd: root});
  });
});

describe('a job with secrets', () => {
  const executor = local({
    capacity: {cpus: 4, memoryMb: 1000, gpus: 0},
    gpus: [],
    leases: '',
    path: process.env.PATH!,
    onExit: () => undefined,
  });
  let made = 0;
  const start = async (
    script: string,
    {seconds, grace = 1, path = process.env.PATH!}: {seconds?: number; grace?: number; path?: string} = {},
  ): Promise<Job> => {
    const dir = join(root, `job-${++made}`);
    for (const part of ['work', 'made']) mkdirSync(join(dir, part), {recursive: true});
    writeFileSync(join(dir, 'secrets'), `A_KEY='${CANARY}'\n`, {mode: 0o600});
    writeFileSync(join(dir, 'forms'), formLines(SECRETS), {mode: 0o600});
    const text = jobScript({
      title: 'secrets',
      dir,
      run: {
        command: ['bash', '-c', script],
        workdir: join(dir, 'work'),
        environment: [
          ['PATH', process.env.PATH!],
          ['HOME', root],
          ['PTB_STEP', join(dir, 'step.json')],
        ],
        ...(seconds === undefined ? {} : {seconds}),
        graceSeconds: grace,
        ends: 'open',
      },
      secrets: ['A_KEY'],
      redaction: {program: PROGRAM, forms: 'forms', folders: ['work', 'made']},
    });
    writeFileSync(join(dir, 'job.sh'), text);
    const job: Job = {
      name: `ptb-redaction-${made}` as JobName,
      dir,
      resources: {gpus: 0, cpus: 1, memoryMb: 1, graceSeconds: grace},
    };
    const by = path === process.env.PATH ? executor : local({...limits, path});
    expect(await by.submit(job)).toEqual({kind: 'accepted'});
    return job;
  };
  const limits = {capacity: {cpus: 4, memoryMb: 1000, gpus: 0}, gpus: [], leases: '', onExit: () => undefined};
  const record = (job: Job): ExitRecord | undefined =>
    existsSync(join(job.dir, 'exit.json')) ? parseExitRecord(read(job, 'exit.json')) : undefined;
  const read = (job: Job, file: string): string => readFileSync(join(job.dir, file), 'utf8');
  const ended = async (job: Job): Promise<ExitRecord> => {
    await until(() => record(job) !== undefined, 'the job has ended');
    return record(job)!;
  };

  test('its logs, its exit code, and nothing of the key in any file or argument list', async () => {
    const job = await start(
      `printf 'key %s' "\${A_KEY:0:9}"; sleep 0.1; echo "\${A_KEY:9}"; echo "$A_KEY" | base64 >&2; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' >>seen; exit 3`,
    );
    expect(await ended(job)).toMatchObject({code: 3, endedBy: 'itself', redacted: {files: 0, unsearched: 0}});
    expect(read(job, 'stdout.log')).toBe(`key ${MASK}\n`);
    expect(read(job, 'stderr.log')).toMatch(/^\[redacted A_KEY\].{0,3}\n$/);
    for (const file of readdirSync(job.dir, {recursive: true, encoding: 'utf8'}))
      if (statSync(join(job.dir, file)).isFile()) expect(read(job, file), file).not.toContain(CANARY);
    expect(existsSync(join(job.dir, 'secrets')) || existsSync(join(job.dir, 'forms'))).toBe(false);
    await until(() => processesBelow(job.dir).length === 0, 'nothing of the job is left');
  });

  test('a line that has no end yet is in the log within a second, also when it ends as a key begins', async () => {
    const job = await start(
      `printf 'step 10 %%: ${CANARY.slice(0, 5)}'; until [ -e go ]; do sleep 0.02; done; printf '%s' "\${A_KEY:5}"`,
    );
    await until(() => existsSync(join(job.dir, 'stdout.log')) && read(job, 'stdout.log') !== '', 'the line', 2000);
    await until(() => read(job, 'stdout.log') === `step 10 %: ${CANARY.slice(0, 5)}`, 'all of it', 2000);
    writeFileSync(join(job.dir, 'work/go'), '');
    await ended(job);
    expect(read(job, 'stdout.log')).toBe(`step 10 %: ${CANARY.slice(0, 5)}${MASK}`);
  });

  test.each([
    ['its time is up', {seconds: 0.5}, 'timed-out'],
    ['it is cancelled', {}, 'stopped'],
  ])('when %s, its last words are in the log', async (_when, options, kind) => {
    const job = await start(
      `trap 'echo "last $A_KEY words"; exit 0' TERM; echo up; while :; do sleep 0.02; done`,
      options,
    );
    await until(() => existsSync(join(job.dir, 'stdout.log')) && read(job, 'stdout.log') !== '', 'it has started');
    if (kind === 'stopped') await executor.cancel(job);
    expect(outcomeOf(await ended(job)).kind).toBe(kind);
    expect(read(job, 'stdout.log')).toBe(`up\nlast ${MASK} words\n`);
  });

  test('a process that holds its output open, and cannot be found, does not hold up its end', async () => {
    const job = await start(`cd /; setsid -f env -i sleep 30 & echo "pid $!" ; sleep 0.1; echo end`);
    const before = performance.now();
    expect(await ended(job)).toMatchObject({code: 0, redacted: {files: 0}});
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(read(job, 'stdout.log')).toMatch(/end\n$/);
    for (const name of readdirSync('/proc')) {
      try {
        if (
          readFileSync(`/proc/${name}/cmdline`, 'utf8') === 'sleep\x0030\0' &&
          readFileSync(`/proc/${name}/environ`, 'utf8') === ''
        )
          process.kill(Number(name));
      } catch {
        continue; // not a process, or gone
      }
    }
  });

  test('killed without its script, it ends, and what it wrote is searched', async () => {
    const job = await start(`echo "$A_KEY" >left; echo up; exec sleep 1000`);
    await until(() => existsSync(join(job.dir, 'stdout.log')) && read(job, 'stdout.log') === 'up\n', 'it has started');
    const script = Number(read(job, 'claimed/owner').split(' ')[0]);
    process.kill(script, 'SIGKILL');
    await until(() => !isRunning(script), 'its script is dead');
    await until(() => existsSync(join(job.dir, 'claimed/redacted')), 'the filter has ended', 15_000);
    expect(read(job, 'work/left')).toBe(`${'*'.repeat(CANARY.length)}\n`);
  });

  test('without perl it does not begin, and with a filter that was killed it does not count', async () => {
    const tools = join(root, 'tools');
    mkdirSync(tools);
    for (const folder of ['/bin', '/usr/bin'])
      for (const name of readdirSync(folder))
        if (name !== 'perl' && !existsSync(join(tools, name))) symlinkSync(join(folder, name), join(tools, name));
    const without = await start('echo began >began', {path: tools});
    expect(await ended(without)).toMatchObject({phase: 'prepare', code: 75});
    expect(existsSync(join(without.dir, 'work/began'))).toBe(false);
    expect(read(without, 'work/failure.json')).toContain('there is no perl on');

    const job = await start('echo up; until [ -e go ]; do sleep 0.02; done; exit 0');
    await until(() => existsSync(join(job.dir, 'stdout.log')) && read(job, 'stdout.log') === 'up\n', 'it has started');
    const filter = processesBelow(job.dir).find(({pid}) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('redact.pl'),
    );
    process.kill(filter!.pid, 'SIGKILL');
    writeFileSync(join(job.dir, 'work/go'), '');
    expect(await ended(job)).toMatchObject({code: 75});
    expect(JSON.parse(read(job, 'work/failure.json'))).toMatchObject({class: 'not-ready'});
  });

  test('what it leaves is masked in place; nothing outside is followed or changed', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    for (const name of ['linked', 'pointed']) writeFileSync(join(outside, name), CANARY);
    const job = await start(
      `until [ -e go ]; do sleep 0.02; done
      mkdir -p deep/closed task; printf 'a\\0%s\\0\\377b' "$A_KEY" >deep/binary; echo "$A_KEY" >deep/closed/read-only
      printf '%s' "$A_KEY" | base64 -w 20 >$PTB_STEP.x; mv $PTB_STEP.x ../made/wrapped; touch -d 2001-02-03 deep/binary
      chmod 400 deep/closed/read-only; chmod 500 deep/closed; ln -s ${outside}/pointed link; ln -s ${outside} folder
      ln deep/binary both; echo x >"name-\${A_KEY//\\//}"; ln -s "\${A_KEY//\\//}" target; mkfifo pipe; echo "no key" >plain
      base64 -w 76 <<<"$A_KEY" | sed 's/.*/{"text": "&"}/' >lines`,
    );
    linkSync(join(outside, 'linked'), join(job.dir, 'work/hard'));
    writeFileSync(join(job.dir, 'work/go'), '');
    expect(await ended(job)).toMatchObject({code: 0, redacted: {files: 4, unsearched: 1}});
    const mask = '*'.repeat(CANARY.length);
    const binary = readFileSync(join(job.dir, 'work/deep/binary'));
    expect(binary.toString('latin1')).toBe(`a\0${mask}\0\xffb`);
    expect(statSync(join(job.dir, 'work/deep/binary')).mtime.getFullYear()).toBe(2001);
    expect(read(job, 'work/deep/closed/read-only')).toBe(`${mask}\n`);
    expect(statSync(join(job.dir, 'work/deep/closed/read-only')).mode & 0o777).toBe(0o400);
    expect(read(job, 'made/wrapped').replaceAll(/[*\n]/g, '').length).toBeLessThan(4);
    expect(read(job, 'work/lines')).toMatch(/^{"text": "\*{76}"}\n/);
    for (const name of ['linked', 'pointed']) expect(readFileSync(join(outside, name), 'utf8')).toBe(CANARY);
    expect(readlinkSync(join(job.dir, 'work/folder'))).toBe(outside);
    expect(read(job, 'work/plain')).toBe('no key\n');
  });
});
