import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import type {Socket} from 'node:net';
import {delimiter, join} from 'node:path';
import type {Readable} from 'node:stream';

/**
 * bash. Starts a job for each `<id>`, `<folder>` and `<GPUs>` on stdin, each ended by NUL, and says `<id>` and a newline on
 * descriptor 3 when the job's script has ended, whatever ended it. Descriptor 6 is a pipe to itself: it never says anything,
 * and who waits for it with a limit of time sleeps. At the end of stdin it goes, and the jobs go on.
 */
const SCRIPT = `
set -m # what runs in the background keeps its signals
if [ "\${BASH_VERSINFO[0]}" -ge 4 ] && { exec 6<> <(:); } 2>/dev/null; then export PTB_IDLE=6; fi
while IFS= read -r -d '' id && IFS= read -r -d '' dir && IFS= read -r -d '' gpus; do
  {
    (cd "$dir" && CUDA_VISIBLE_DEVICES=$gpus exec setsid bash job.sh 3>&-)
    printf '%s\\n' "$id" >&3
  } </dev/null &
done`;

type Process = {readonly child: ChildProcess; isAlive: boolean};

/** A job's script that was started. `isWatched`: its end will be told. */
export type Launched = {readonly isWatched: () => boolean};

/**
 * Starts the scripts of jobs, each as the leader of a session of its own. They are started by a small shell where that can
 * be: a fork of this process copies the tables of 100 MB, and takes longer than the rest of a short step.
 */
export class Launcher {
  #process: Promise<Process> | undefined;
  readonly #ended = new Map<string, () => void>();
  #last = 0;
  #hasSetsid: boolean | undefined;

  constructor(
    /** `PATH` that finds bash. */
    private readonly path: string,
  ) {}

  /** Throws where bash cannot be started. `gpus`: CUDA_VISIBLE_DEVICES. `ended`: called once when the script has ended. */
  async launch(dir: string, gpus: string, ended: () => void): Promise<Launched> {
    this.#hasSetsid ??= this.path.split(delimiter).some((folder) => existsSync(join(folder, 'setsid')));
    if (!this.#hasSetsid) return this.#launchAlone(dir, gpus, ended);
    const process = await (this.#process ??= this.#start());
    const id = String(++this.#last);
    this.#ended.set(id, ended);
    process.child.stdin!.write(`${id}\0${dir}\0${gpus}\0`);
    return {isWatched: () => process.isAlive};
  }

  /** On macOS, which has no `setsid`. */
  async #launchAlone(cwd: string, gpus: string, ended: () => void): Promise<Launched> {
    const env = {...this.#environment(), CUDA_VISIBLE_DEVICES: gpus};
    const child = spawn('bash', ['job.sh'], {cwd, detached: true, stdio: 'ignore', env});
    await once(child, 'spawn');
    child.once('exit', ended);
    child.unref();
    return {isWatched: () => true};
  }

  async #start(): Promise<Process> {
    const forget = (): void => {
      this.#process = undefined;
    };
    const child = spawn('bash', ['-c', SCRIPT], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: this.#environment(),
    });
    await once(child, 'spawn').catch((error: unknown) => {
      forget();
      throw error;
    });
    const started: Process = {child, isAlive: true};
    const end = (): void => {
      if (started.isAlive) forget();
      started.isAlive = false;
    };
    child.once('exit', end);
    child.stdin!.on('error', end);
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
