import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {execa} from 'execa';
import type {BatchSettings, BatchSystem, Command, QueueEntry} from './batch-system.js';
import type {Executor, Job, JobName, Report, Submission} from './executor.js';

/** What a foreign process gets to see of the controller's environment: enough to find the cluster, and no key. */
export type ClientEnvironment = Readonly<Record<string, string>>;

/** How long one call of a client may take: a scheduler under load answers late. */
const CLIENT_TIMEOUT_MS = 60_000;

/** How often a job that was told to end is looked at. */
const LOOK_MS = 200;

type Queue = {readonly at: number; readonly entries: ReadonlyMap<JobName, QueueEntry>};

/**
 * Jobs in the queue of a batch system. A job's name is its only handle: whoever comes later finds it in the queue by that. How a
 * job ended is read from its exit record; the queue only says whether waiting makes sense.
 */
export function batch(system: BatchSystem, settings: BatchSettings, environment: ClientEnvironment): Executor {
  return new Batch(system, settings, environment);
}

class Batch implements Executor {
  #queue: Queue | undefined;
  /** Since when the system has not answered, and what it said. */
  #down: {readonly since: number; readonly because: string} | undefined;
  #asked = -Infinity;
  /** Names that this process submitted, and when. */
  readonly #submitted = new Map<JobName, number>();
  /** Since when a job that had begun, or was submitted here, is neither in the queue nor recorded as ended. */
  readonly #missing = new Map<JobName, number>();
  readonly #endings = new Map<JobName, string>();
  /** Until when no submission is tried, and why. */
  #refused: {readonly until: number; readonly because: string} | undefined;
  #nextCall = 0;
  readonly #notices: string[] = [];
  readonly #said = new Set<string>();
  readonly #ends = new Gathered((entries: readonly QueueEntry[]) => this.#call(this.system.end(entries)));
  readonly #removals = new Gathered((entries: readonly QueueEntry[]) => this.#call(this.system.remove(entries)));

  constructor(
    private readonly system: BatchSystem,
    private readonly settings: BatchSettings,
    private readonly environment: ClientEnvironment,
  ) {}

  async submit(job: Job): Promise<Submission> {
    const {maxJobs} = this.settings;
    if (this.#inQueue() >= maxJobs) {
      return this.#later(`${maxJobs} jobs are in the queue, as many as executor.max-jobs allows`);
    }
    // Nothing has changed since the last refusal: to ask again for each job would hammer the scheduler.
    if (this.#refused !== undefined && Date.now() < this.#refused.until)
      return {kind: 'busy', because: this.#refused.because};
    await this.#pace();
    for (const [name, text] of this.system.files(job)) writeFileSync(join(job.dir, name), text, {mode: 0o755});
    const {exitCode, stderr} = await this.#call(this.system.submit(job));
    if (exitCode === 0) {
      this.#refused = undefined;
      this.#submitted.set(job.name, Date.now());
      this.#missing.delete(job.name);
      return {kind: 'accepted'};
    }
    const because = `${this.system.title}: ${oneLine(stderr)}`;
    if (!this.system.isPassing(stderr)) return {kind: 'refused', because};
    // It may be in the queue all the same: the answer was lost, not the question. job.sh of a second one ends at once.
    this.#refused = {until: Date.now() + this.settings.pollSeconds * 1000, because};
    return this.#later(because);
  }

  async poll(jobs: readonly Job[]): Promise<ReadonlyMap<JobName, Report>> {
    const open = jobs.filter((job) => !hasRecord(job));
    if (open.length > 0 && Date.now() - this.#asked >= this.settings.pollSeconds * 1000) await this.#ask();
    const answers = new Map<JobName, Report>();
    const late: Job[] = [];
    for (const job of jobs) {
      const report = this.#reportOf(job);
      if (report === 'late') late.push(job);
      else answers.set(job.name, report);
    }
    if (late.length > 0) {
      const endings = await this.#endingsOf(late);
      for (const {name} of late) {
        answers.set(name, {
          liveness: 'gone',
          because: endings.get(name) ?? `it left the queue of ${this.system.title}`,
        });
      }
    }
    for (const [name, {liveness}] of answers) if (liveness === 'gone') this.#forget(name);
    return answers;
  }

  async cancel(job: Job): Promise<void> {
    await this.#ask();
    const entry = this.#queue?.entries.get(job.name);
    if (entry === undefined || entry.state === 'ended') {
      this.#forget(job.name);
      return;
    }
    const asks = entry.state === 'running';
    await (asks ? this.#ends : this.#removals).add(entry);
    const {graceSeconds} = job.resources;
    const patience = asks ? (graceSeconds + PATIENCE_SECONDS) * 1000 : 0;
    for (const end = Date.now() + patience; Date.now() < end && !hasRecord(job);) await sleep(LOOK_MS);
    if (asks && !hasRecord(job)) await this.#removals.add(entry);
    for (const end = Date.now() + REMOVAL_MS; Date.now() < end;) {
      await this.#ask();
      if (isOver(this.#queue?.entries.get(job.name))) break;
      await sleep(LOOK_MS);
    }
    this.#forget(job.name);
  }

  /** `late`: it should be somewhere and is nowhere. */
  #reportOf(job: Job): Report | 'late' {
    const {name} = job;
    if (hasRecord(job)) return {liveness: 'gone'};
    if (this.#down) {
      const {since, because} = this.#down;
      const minutes = Math.floor((Date.now() - since) / 60_000);
      const long = minutes > 0 ? ` for ${minutes} min` : '';
      return {liveness: 'unknown', because: `${this.system.title} does not answer${long}: ${because}`};
    }
    const entry = this.#queue?.entries.get(name);
    const {because} = entry ?? {};
    if (entry && entry.state !== 'ended') {
      this.#missing.delete(name);
      if (entry.state === 'held') {
        this.#say(
          `job ${name} is held by ${this.system.title}: ${because ?? 'without a reason'}; end it with: ptb pipeline stop`,
        );
      }
      return {liveness: entry.state, ...(because === undefined ? {} : {because})};
    }
    if (because !== undefined) this.#endings.set(name, because);
    const submitted = this.#submitted.get(name);
    // The last answer is older than the submission.
    if (submitted !== undefined && (this.#queue?.at ?? 0) <= submitted) return {liveness: 'waiting'};
    const began = existsSync(join(job.dir, 'claimed'));
    if (!entry && !began && submitted === undefined) return {liveness: 'absent'};
    const since = this.#missing.get(name) ?? Date.now();
    this.#missing.set(name, since);
    return Date.now() - since < this.settings.lagSeconds * 1000 ? {liveness: began ? 'running' : 'waiting'} : 'late';
  }

  async #endingsOf(jobs: readonly Job[]): Promise<ReadonlyMap<JobName, string>> {
    const unexplained = jobs.map(({name}) => name).filter((name) => !this.#endings.has(name));
    const command = unexplained.length > 0 ? this.system.history(unexplained) : undefined;
    if (command) {
      const {exitCode, stdout} = await this.#call(command);
      const entries = exitCode === 0 ? this.system.parseHistory(stdout) : undefined;
      for (const {name, because} of entries ?? []) if (because !== undefined) this.#endings.set(name, because);
    }
    return this.#endings;
  }

  /** The one query. Two that ask at once share the answer. */
  #asking: Promise<void> | undefined;
  #ask(): Promise<void> {
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askNow(): Promise<void> {
    const at = Date.now();
    this.#asked = at;
    const {exitCode, stdout, stderr} = await this.#call(this.system.queue);
    const found = exitCode === 0 ? this.system.parseQueue(stdout) : undefined;
    if (found === undefined) {
      const because = exitCode === 0 ? 'its answer cannot be read' : oneLine(stderr);
      this.#down = {since: this.#down?.since ?? at, because};
      this.#say(`${this.system.title} does not answer (${because}); jobs go on, and nothing is lost by waiting`);
      return;
    }
    if (this.#down) {
      this.#down = undefined;
      this.#said.clear();
      this.#say(`${this.system.title} answers again`);
    }
    const entries = new Map<JobName, QueueEntry>();
    // Of two with one name, submitted when an answer was lost, the one that lives counts.
    for (const entry of found) if (isOver(entries.get(entry.name))) entries.set(entry.name, entry);
    this.#queue = {at, entries};
  }

  async #call({argv: [program, ...args], input}: Command) {
    const ended = await execa(program, args, {
      env: this.environment,
      extendEnv: false,
      reject: false,
      timeout: CLIENT_TIMEOUT_MS,
      maxBuffer: 1e9,
      ...(input === undefined ? {stdin: 'ignore' as const} : {input}),
    });
    const stderr = ended.stderr || ended.stdout || ended.shortMessage || '';
    return {exitCode: ended.exitCode ?? -1, stdout: ended.stdout, stderr};
  }

  #inQueue(): number {
    let live = 0;
    for (const {name, state} of this.#queue?.entries.values() ?? []) {
      if (state !== 'ended' && name.startsWith('ptb-')) live++;
    }
    for (const [name, at] of this.#submitted) {
      if (at >= (this.#queue?.at ?? 0) && !this.#queue?.entries.has(name)) live++;
    }
    return live;
  }

  /** Spreads submissions evenly: never more in a second than the rate allows. */
  async #pace(): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.#nextCall);
    this.#nextCall = at + 1000 / this.settings.submitRate;
    if (at > now) await sleep(at - now);
  }

  notices(): string[] {
    return this.#notices.splice(0);
  }

  /** Said once, until something else is to be said. */
  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#notices.push(text);
  }

  #later(because: string): Submission {
    this.#say(`${because}; what is ready waits`);
    return {kind: 'busy', because};
  }

  #forget(name: JobName): void {
    this.#submitted.delete(name);
    this.#missing.delete(name);
    this.#endings.delete(name);
  }
}

/** One call for all that ask within a moment: `ptb pipeline stop` ends hundreds of jobs at once. */
class Gathered<T> {
  #next: {readonly items: T[]; readonly done: Promise<unknown>} | undefined;

  constructor(private readonly act: (items: readonly T[]) => Promise<unknown>) {}

  async add(item: T): Promise<void> {
    if (!this.#next) {
      const items: T[] = [];
      const done = sleep(GATHER_MS).then(() => {
        this.#next = undefined;
        return this.act(items);
      });
      this.#next = {items, done};
    }
    this.#next.items.push(item);
    await this.#next.done;
  }
}

const GATHER_MS = 20;

/** Beyond a job's own grace, before it is removed by force. */
const PATIENCE_SECONDS = 5;
/** How long a removal may take before it is left to the scheduler. */
const REMOVAL_MS = 30_000;

const isOver = (entry: QueueEntry | undefined): boolean => entry === undefined || entry.state === 'ended';

const hasRecord = ({dir}: Job): boolean => existsSync(join(dir, 'exit.json'));

const oneLine = (text: string): string => text.trim().split('\n').filter(Boolean).slice(0, 3).join('; ').slice(0, 400);
