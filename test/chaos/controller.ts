import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {MAIN, type ChaosProject} from './project.js';

/** `ptb pipeline run`, under way. */
export class Controller {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #listeners: (() => void)[] = [];
  readonly ended: Promise<void>;

  constructor({root, env, user}: ChaosProject) {
    this.#child = spawn(process.execPath, [MAIN, 'pipeline', 'run', '--json'], {
      cwd: root,
      env,
      ...user,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      const listeners = this.#listeners;
      this.#listeners = [];
      for (const listener of listeners) listener();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = once(this.#child, 'close').then(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Null while it runs, and when a signal ended it. */
  get code(): number | null {
    return this.#child.exitCode;
  }

  get signal(): string | null {
    return this.#child.signalCode;
  }

  get said(): string {
    return `${this.#stdout.slice(-2000)}${this.#stderr}`;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Of the end event. */
  get counts(): Readonly<Record<string, number>> | undefined {
    const last = this.#stdout.trimEnd().split('\n').at(-1) ?? '';
    if (!last.includes('"event":"end"')) return undefined;
    return (JSON.parse(last) as {counts: Record<string, number>}).counts;
  }

  /** Resolves when it has printed so many lines, or has ended. */
  async lines(count: number): Promise<void> {
    while (this.#stdout.split('\n').length <= count) {
      const more = new Promise<'more'>((resolve) => this.#listeners.push(() => resolve('more')));
      if ((await Promise.race([more, this.ended])) !== 'more') return;
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
