import type {ChildProcess} from 'node:child_process';
import {cpSync, existsSync, readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'vitest';
import type {Bounds} from '../../src/executor/bounds.js';
import type {ExitRecord} from '../../src/executor/exit-record.js';
import type {Layout} from '../../src/sandbox/sandbox.js';
import {processes} from '../rig/processes.js';
import {until} from '../rig/until.js';
import type {Line} from './lines.js';

/** A key of somebody else. */
export const CANARY = 'canary-of-another-job';

export type Limits = Partial<Omit<Bounds, 'disk'>> & {
  readonly seconds?: number;
  readonly disk?: Partial<Bounds['disk']>;
};

/** A job in a sandbox, as an attack needs it. */
export type Tenant = {
  readonly at: () => {readonly root: string; readonly dir: string; readonly outside: Layout; readonly inside: Layout};
  /** A process `sleep MARK` outside, of the same user, with the canary in its environment. */
  readonly prey: (mark: string) => ChildProcess;
  /** Runs a Python script inside to its end. */
  readonly attack: (script: string, limits?: Limits, args?: readonly string[]) => Promise<ExitRecord>;
  readonly said: () => string;
};

/** Children that a bomb of a test makes at most. */
const BOMB = 600;

type Attack = Extract<
  Line,
  | `its script, its exit record${string}`
  | `processes outside${string}`
  | 'no device file can be made'
  | `it does not outlive${string}`
  | `a fork bomb${string}`
  | `a flood${string}`
  | `an answer to a programming problem${string}`
  | 'who fills the disk is ended'
>;

/** What a hostile job does. Each script does its worst and says what came of it. */
export const attacks = ({at, prey, attack, said}: Tenant): Record<Attack, () => Promise<void>> => ({
  async 'its script, its exit record, verdicts and what it shares cannot be written, by no way that /proc shows'() {
    const {root, dir, outside} = at();
    const verdict = join(root, 'runs/results/audit/cell/verdict.json');
    const targets = [join(dir, 'job.sh'), join(dir, 'exit.json'), verdict];
    const shared = [join(root, 'upstream/weights'), join(outside.files, 'declared.txt'), outside.stepFile];
    const script = readFileSync(new URL('hostile/write.py', import.meta.url), 'utf8');
    const before = [verdict, ...shared].map((file) => readFileSync(file, 'utf8'));
    const ended = await attack(script, {}, [basename(root), ...targets, ...shared]);
    expect([ended.code, ended.endedBy]).toEqual([0, 'itself']);
    expect([verdict, ...shared].map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    expect(readFileSync(join(dir, 'job.sh'), 'utf8')).toMatch(/^#!\/usr\/bin\/env bash\n# a job\n/);
    expect(said()).toBe('');
  },
  async 'processes outside cannot be traced, read or signalled, nor their keys seen'() {
    const bait = prey(`1010.${process.pid}`);
    try {
      const script = readFileSync(new URL('hostile/trace.py', import.meta.url), 'utf8');
      const {code} = await attack(script, {}, [String(bait.pid!), CANARY]);
      expect([code, said()]).toEqual([0, '']);
      expect(processes().some(({pid, state}) => pid === bait.pid && state !== 'T' && state !== 't')).toBe(true);
    } finally {
      bait.kill('SIGKILL');
    }
  },
  async 'no device file can be made'() {
    const {outside} = at();
    const script = `
import os, stat
for name, kind in (('character', stat.S_IFCHR), ('block', stat.S_IFBLK)):
    try:
        # Those of the null device: nothing is behind the other one.
        os.mknod(name, kind | 0o600, os.makedev(1, 3))
        print(name)
    except OSError: pass`;
    const {code} = await attack(script);
    expect([code, said()]).toEqual([0, '']);
    expect(readdirSync(outside.work)).toEqual([]);
  },
  async 'it does not outlive its time, whatever it ignores and hides'() {
    const mark = `1011.${process.pid}`;
    const script = `
import os, signal, time
for n in range(1, 32):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: os.execlp('sleep', 'sleep', '${mark}')
        os._exit(0)
time.sleep(60)`;
    const ended = await attack(script, {seconds: 1});
    expect(ended.endedBy).toBe('time');
    const alive = (): number => processes().filter(({args}) => args.includes(mark)).length;
    await until(() => alive() === 0, 'nothing of the job is left', 2000);
  },
  async 'a fork bomb is held, or ended'() {
    const script = `
import os, time
made = 0
for _ in range(${BOMB}):
    try: child = os.fork()
    except OSError: break
    if child == 0:
        time.sleep(30)
        os._exit(0)
    made += 1
print(made, flush=True)
if made == ${BOMB}: time.sleep(6)`;
    const ended = await attack(script, {processes: BOMB / 2});
    const made = Number(said());
    expect(made).toBeGreaterThan(0);
    if (made === BOMB) expect(ended.endedBy).toBe('processes');
    else expect([made < BOMB / 2, ended.endedBy]).toEqual([true, 'itself']);
  },
  async 'a flood of log ends it'() {
    const script = `
import os, time
block = b'x' * 1000000
for _ in range(40): os.write(1, block)
time.sleep(20)`;
    const ended = await attack(script, {logMb: 10});
    expect(ended.endedBy).toBe('log');
    expect(said().length).toBeLessThan(2_100_000);
  },
  async 'an answer to a programming problem cannot pass by an attack on its tests'() {
    const {outside, inside} = at();
    const evals = fileURLToPath(new URL('../../evals/ptb_evals', import.meta.url));
    for (const part of ['__init__.py', 'scorers', 'tests/hostile_answers.py']) {
      cpSync(join(evals, part), join(outside.files, 'ptb_evals', part), {recursive: true});
    }
    const script = `
import runpy, sys, types
sys.path.insert(0, ${JSON.stringify(inside.files)})
package = types.ModuleType('ptb_evals')
package.__path__ = [${JSON.stringify(join(inside.files, 'ptb_evals'))}]
sys.modules['ptb_evals'] = package
runpy.run_path(${JSON.stringify(join(inside.files, 'ptb_evals/tests/hostile_answers.py'))}, run_name='__main__')`;
    const ended = await attack(script, {seconds: 100});
    expect([ended.code, said()]).toEqual([0, '']);
  },
  async 'who fills the disk is ended'() {
    const {outside} = at();
    const script = `
import os, time
hidden = os.open('unlinked', os.O_CREAT | os.O_RDWR)
os.unlink('unlinked')
os.mkdir('closed')
with open('closed/filled', 'wb') as file: file.write(bytes(40 << 20))
os.chmod('closed', 0)
os.write(hidden, bytes(20 << 20))
time.sleep(30)`;
    // As full as it will ever be: nothing of this machine's own disk is filled.
    const ended = await attack(script, {disk: {freeMb: 1_000_000_000}});
    expect(ended.endedBy).toBe('disk');
    expect(existsSync(join(outside.work, 'closed/filled'))).toBe(false);
  },
});
