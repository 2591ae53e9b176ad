import {once} from 'node:events';
import {lchownSync, mkdirSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type Server, type Socket} from 'node:net';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What a held command tells first. */
type Hello = {
  readonly stage: string;
  readonly phase: 'prepare' | 'run';
  readonly pid: number;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The content of `$PTB_STEP`. */
  readonly step: StepFile;
};

export type StepFile = {
  readonly id: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly needs: Readonly<
    Record<
      string,
      readonly {
        readonly axes: Readonly<Record<string, string>>;
        readonly path: string | null;
        readonly because: string;
      }[]
    >
  >;
};

type Told = {readonly signal: string} | {readonly printed: string};

/** One process of a stage's command, which does nothing but what the test says. */
export class Invocation {
  /** Resolves when the process is gone, however it ended. */
  readonly gone: Promise<void>;
  readonly #told: Told[] = [];
  #ring = (): void => undefined;

  constructor(
    private readonly hello: Hello,
    private readonly wire: Socket,
    lines: AsyncIterable<string>,
  ) {
    this.gone = this.#listen(lines);
  }

  get pid(): number {
    return this.hello.pid;
  }
  get phase(): string {
    return this.hello.phase;
  }
  get cwd(): string {
    return this.hello.cwd;
  }
  get argv(): readonly string[] {
    return this.hello.argv;
  }
  get env(): Readonly<Record<string, string>> {
    return this.hello.env;
  }
  get step(): StepFile {
    return this.hello.step;
  }

  /** Files in its working directory. */
  write(files: Files): this {
    writeFiles(this.cwd, files);
    // Its job may run as another user than the test.
    const {uid, gid} = statSync(this.cwd);
    if (process.getuid?.() === 0) for (const path of Object.keys(files)) lchownSync(join(this.cwd, path), uid, gid);
    return this;
  }

  async print(text: string, to: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    this.#say(to === 'stdout' ? 'print' : 'complain', text);
    await this.#heard((told) => 'printed' in told && told.printed === to);
  }

  /** From now on the signal does not end it. */
  ignore(signal: NodeJS.Signals): this {
    this.#say('ignore', signal);
    return this;
  }

  /** Resolves when a signal that it ignores has reached it. */
  async signalled(signal: NodeJS.Signals): Promise<void> {
    await this.#heard((told) => 'signal' in told && told.signal === signal);
  }

  /** Writes the files into its working directory and ends it. */
  async exit(code: number, files: Files = {}): Promise<void> {
    this.write(files);
    this.#say('exit', code);
    await this.gone;
  }

  #say(does: string, value: unknown): void {
    this.wire.write(`${JSON.stringify({does, value})}\n`);
  }

  async #listen(lines: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of lines) {
        this.#told.push(JSON.parse(line) as Told);
        this.#ring();
      }
    } catch {
      // The process was killed: the wire is cut, not closed.
    }
  }

  async #heard(wanted: (told: Told) => boolean): Promise<void> {
    const over = this.gone.then(() => 'gone' as const);
    while (!this.#told.some(wanted)) {
      const next = new Promise<'told'>((resolve) => (this.#ring = () => resolve('told')));
      if ((await Promise.race([next, over])) === 'gone') {
        if (this.#told.some(wanted)) return;
        throw new Error(`${this.step.id} ended before that`);
      }
    }
  }
}

/** What a stage's command answers without being asked each time. */
export type Answer = Files | ((invocation: Invocation) => Files | {readonly code: number; readonly files?: Files});

/** A stage whose command connects back to the test. */
export class HeldStage {
  readonly #all: Invocation[] = [];
  readonly #taken = new Set<Invocation>();
  readonly #waiting: {readonly wants: (one: Invocation) => boolean; readonly give: (one: Invocation) => void}[] = [];
  #answer: Answer | undefined;

  constructor(readonly name: string) {}

  /** How often the command was started, by anyone, in any run. */
  get invocations(): number {
    return this.#all.length;
  }

  /** Ids of the steps that were started, in the order of their start. */
  get started(): readonly string[] {
    return this.#all.map(({step}) => step.id);
  }

  get last(): Invocation {
    return this.#all.at(-1)!;
  }

  /** Every invocation from now on ends at once with these files, exit code 0 unless it says otherwise. */
  answers(answer: Answer): this {
    this.#answer = answer;
    return this;
  }

  /** From now on each invocation waits for the test again. */
  holds(): this {
    this.#answer = undefined;
    return this;
  }

  /** The next invocation that nobody took yet, of a step with these axis values. */
  async nextInvocation(at: Readonly<Record<string, string>> = {}): Promise<Invocation> {
    const wants = ({step}: Invocation): boolean =>
      Object.entries(at).every(([axis, value]) => step.axes[axis] === value);
    const there = this.#all.find((one) => !this.#taken.has(one) && wants(one));
    const found = there ?? (await new Promise<Invocation>((give) => this.#waiting.push({wants, give})));
    this.#taken.add(found);
    return found;
  }

  arrived(invocation: Invocation): void {
    this.#all.push(invocation);
    if (this.#answer !== undefined) {
      this.#taken.add(invocation);
      const answer = typeof this.#answer === 'function' ? this.#answer(invocation) : this.#answer;
      const {code, files = {}} = isEnd(answer) ? answer : {code: 0, files: answer};
      void invocation.exit(code, files);
      return;
    }
    const waiting = this.#waiting.findIndex(({wants}) => wants(invocation));
    if (waiting < 0) return;
    this.#taken.add(invocation);
    this.#waiting.splice(waiting, 1)[0]!.give(invocation);
  }
}

const isEnd = (
  answer: Files | {readonly code: number; readonly files?: Files},
): answer is {readonly code: number; readonly files?: Files} => typeof answer.code === 'number';

/** The test's end of all wires. */
export async function listenAt(socket: string, stages: ReadonlyMap<string, HeldStage>): Promise<Server> {
  const server = createServer((wire) => {
    wire.on('error', () => undefined); // a killed process cuts its wire
    const lines = createInterface({input: wire})[Symbol.asyncIterator]();
    void lines.next().then((first) => {
      if (first.done === true) return;
      const hello = JSON.parse(first.value) as Hello;
      const rest = {[Symbol.asyncIterator]: () => lines};
      stages.get(hello.stage)!.arrived(new Invocation(hello, wire, rest));
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), {recursive: true});
    writeFileSync(join(root, path), content);
  }
}
