import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import type {Socket} from 'node:net';
import type {Readable} from 'node:stream';
import {FIND_OOM_LINE} from './job-record.js';
import {SET_FUNCTIONS} from './job-script.js';

/**
 * bash. Starts a job for each `<id>`, `<folder>` and `<GPUs>` on stdin, each ended by NUL: a fork that has read what all scripts
 * have alike, and reads the rest of its own. It says `<id>` and a newline on descriptor 3, from then on 9, when it ends, unless
 * it is killed. Descriptor 6 is a pipe to itself: it never says anything, and who waits for it with a limit of time sleeps. At the
 * end of stdin the shell goes, and the jobs go on.
 */
const SCRIPT = `${SET_FUNCTIONS}
exec 9>&3 3>&- 4<&-
{ exec 6<> <(:); } 2>/dev/null && idle=6
${FIND_OOM_LINE}
set -m # what runs in the background keeps its signals
while IFS= read -r -d '' id && IFS= read -r -d '' dir && IFS= read -r -d '' gpus; do
  (
    trap 'printf "%s\\n" "$id" >&9' EXIT
    [ -z "$gpus" ] || export CUDA_VISIBLE_DEVICES=$gpus
    cd "$dir" && . ./job.sh
  ) </dev/null &
done`;

type Shell = {readonly child: ChildProcess; isAlive: boolean};

/** A job's script that was started. `isWatched`: its end will be told, unless it is killed. */
export type Launched = {readonly isWatched: () => boolean};

/**
 * Starts the scripts of jobs, each in a group of processes of its own, in a session without a terminal that outlives this
 * process. On Linux a small shell forks for each: a fork of this process copies the tables of 100 MB, and to start a shell and to
 * read the script takes longer than the rest of a short step.
 */
export class Launcher {
  #shell: Promise<Shell> | undefined;
  readonly #ended = new Map<string, () => void>();
  #last = 0;

  constructor(
    /** `PATH` that finds bash. */
    private readonly path: string,
  ) {}

  /**
   * Throws where bash cannot be started. `gpus`: CUDA_VISIBLE_DEVICES. `ended`: called once when the script has ended; not where
   * it was killed.
   */
  async launch(dir: string, gpus: string, ended: () => void): Promise<Launched> {
    if (process.platform !== 'linux') return this.#launchAlone(dir, gpus, ended);
    const shell = await (this.#shell ??= this.#start());
    const id = String(++this.#last);
    this.#ended.set(id, ended);
    shell.child.stdin!.write(`${id}\0${dir}\0${gpus}\0`);
    return {isWatched: () => shell.isAlive};
  }

  /** Where bash may be 3.2, as on macOS: there a fork does not know its own number. */
  async #launchAlone(cwd: string, gpus: string, ended: () => void): Promise<Launched> {
    const env = {...this.#environment(), CUDA_VISIBLE_DEVICES: gpus};
    const child = spawn('bash', ['job.sh'], {cwd, detached: true, stdio: 'ignore', env});
    await once(child, 'spawn');
    child.once('exit', ended);
    child.unref();
    return {isWatched: () => true};
  }

  async #start(): Promise<Shell> {
    const forget = (): void => {
      this.#shell = undefined;
    };
    // Node's pipes are sockets, and with one as its stdin bash takes itself for a remote shell and reads ~/.bashrc.
    const child = spawn('bash', ['--norc', '-c', 'eval "$(cat <&4)"', 'ptb-jobs'], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: this.#environment(),
    });
    await once(child, 'spawn').catch((error: unknown) => {
      forget();
      throw error;
    });
    const started: Shell = {child, isAlive: true};
    const end = (): void => {
      if (started.isAlive) forget();
      started.isAlive = false;
    };
    child.once('exit', end);
    child.stdin!.on('error', end);
    // Neither an argument nor a variable: all forks would show it, and who looks through their environments would read it.
    (child.stdio[4] as Socket).on('error', end).end(SCRIPT);
    const bell = child.stdio[3] as Readable & Socket;
    let rest = '';
    bell.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const id of lines) this.#tell(id);
    });
    // None of them keeps this process from ending.
    child.unref();
    (child.stdin as Socket).unref();
    bell.unref();
    return started;
  }

  #tell(id: string): void {
    const ended = this.#ended.get(id);
    this.#ended.delete(id);
    ended?.();
  }

  #environment(): Record<string, string> {
    return {PTB_CLEAN: '1', HOME: '/', SHELL: '/bin/sh', PATH: this.path};
  }
}
