import {execa} from 'execa';
import {fileURLToPath} from 'node:url';

/** One line that `--json` printed. */
export type JsonEvent = {readonly event: string; readonly step?: string} & Readonly<Record<string, unknown>>;

export type Ended = {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`. */
  readonly events: readonly JsonEvent[];
};

/** The real command line, under way. */
export type Ptb = {
  readonly pid: number;
  /** SIGINT goes to its whole process group, as from a terminal. */
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
  /** The first event of this kind, of a step that begins so; waits for it. */
  readonly event: (kind: string, step?: string) => Promise<JsonEvent>;
  /** Waits until stderr has said this. */
  readonly says: (text: string) => Promise<void>;
};

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export function startPtb(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  /** As this user instead of the test's own. */
  uid?: number,
): Ptb {
  const child = execa(process.execPath, [MAIN, ...args], {
    cwd,
    env: {PATH: process.env.PATH ?? '', HOME: cwd, ...env},
    extendEnv: false,
    ...(uid === undefined ? {} : {uid, gid: uid}),
    reject: false,
    detached: true,
    stripFinalNewline: false,
  });
  let stdout = '';
  let stderr = '';
  let listeners: (() => void)[] = [];
  const tell = (): void => {
    const told = listeners;
    listeners = [];
    for (const listener of told) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    tell();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    tell();
  });
  const ended = child.then(({exitCode, signal}): Ended => ({
    code: exitCode,
    signal,
    stdout,
    stderr,
    events: eventsOf(stdout),
  }));

  const waitFor = async <T>(look: () => T | undefined, what: string): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const more = new Promise<'more'>((resolve) => listeners.push(() => resolve('more')));
      const next = await Promise.race([more, ended.then(() => 'ended' as const)]);
      if (next === 'ended' && look() === undefined) throw new Error(`ptb ended without ${what}:\n${stdout}${stderr}`);
    }
  };
  return {
    pid: child.pid!,
    kill: (signal) => {
      if (signal === 'SIGINT') process.kill(-child.pid!, signal);
      else child.kill(signal);
    },
    ended,
    event: (kind, step = '') =>
      waitFor(
        () => eventsOf(stdout).find((one) => one.event === kind && (one.step ?? '').startsWith(step)),
        `event ${kind} ${step}`,
      ),
    says: (text) => waitFor(() => (stderr.includes(text) ? true : undefined), `"${text}"`).then(() => undefined),
  };
}

/** Whole lines that hold JSON objects. */
const eventsOf = (stdout: string): JsonEvent[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{"version":1,"event"') ? [JSON.parse(line) as JsonEvent] : []));
