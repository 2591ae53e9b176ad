import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {programs} from './program.js';
import type {BatchSettings, BatchSystem, Command, QueueEntry} from './batch-system.js';
import {parseExitRecord, type ExitRecord} from './exit-record.js';
import type {Executor, Job, JobName, Report, Submission} from './executor.js';
import {Gathered} from './gathered.js';

/** What a foreign process gets to see of the controller's environment: enough to find the cluster, and no key. */
export type ClientEnvironment = Readonly<Record<string, string>>;

/** How long one call of a client may take: a scheduler under load answers late. */
const CLIENT_TIMEOUT_MS = 30_000;

/** How often a job that was told to end is looked at. */
const LOOK_MS = 200;

type Queue = {readonly at: number; readonly entries: ReadonlyMap<JobName, QueueEntry>};

/** How a job ended, as the queue or its history has it. */
type Ending = Pick<QueueEntry, 'because' | 'fate'>;

/**
 * Jobs in the queue of a batch system. A job's name is its only handle: whoever comes later finds it in the queue by that. How a
 * job ended is read from its exit record; the queue says whether waiting makes sense, and who ended a job that was told to end.
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
  /** Names whose submission failed in a way that leaves open whether the queue has them. */
  readonly #unsure = new Set<JobName>();
  /** Since when a job that had begun, or was submitted here, is neither in the queue nor recorded as ended. */
  readonly #missing = new Map<JobName, {since: number; beat: string}>();
  readonly #endings = new Map<JobName, Ending>();
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
    // With no job under way nobody else asks.
    if (this.#inQueue() >= maxJobs && this.#isDue()) await this.#ask();
    if (this.#inQueue() >= maxJobs) {
      return this.#later(`${maxJobs} jobs are in the queue, as many as executor.max-jobs allows`);
    }
    // Nothing has changed since the last refusal: to ask again for each job would hammer the scheduler.
    if (this.#refused !== undefined && performance.now() < this.#refused.until)
      return {kind: 'busy', because: this.#refused.because};
    if (this.#unsure.has(job.name)) {
      await this.#ask();
      if (this.#down) return {kind: 'busy', because: this.#down.because};
      this.#unsure.delete(job.name);
      if (this.#queue?.entries.has(job.name)) return this.#accepted(job);
    }
    await this.#pace();
    for (const [name, text] of this.system.files(job)) writeFileSync(join(job.dir, name), text, {mode: 0o755});
    const {exitCode, stderr} = await this.#call(this.system.submit(job));
    if (exitCode === 0) return this.#accepted(job);
    const because = `${this.system.title}: ${oneLine(stderr)}`;
    if (!this.system.isPassing(stderr)) return {kind: 'refused', because};
    // The answer may be lost, and not the question: before it is asked again, the queue is looked at.
    this.#unsure.add(job.name);
    this.#refused = {until: performance.now() + this.settings.pollSeconds * 1000, because};
    return this.#later(because);
  }

  #accepted({name}: Job): Submission {
    this.#refused = undefined;
    this.#submitted.set(name, performance.now());
    this.#missing.delete(name);
    return {kind: 'accepted'};
  }

  async poll(jobs: readonly Job[]): Promise<ReadonlyMap<JobName, Report>> {
    const open = jobs.filter((job) => !saysAll(job));
    if (open.length > 0 && this.#isDue()) await this.#ask();
    const answers = new Map<JobName, Report>();
    const late: Job[] = [];
    for (const job of jobs) {
      const report = this.#reportOf(job);
      if (report === 'late') late.push(job);
      else answers.set(job.name, report);
    }
    if (late.length > 0) {
      await this.#learnEndings(late);
      for (const {name} of late) {
        const ending = this.#endings.get(name) ?? {because: `it left the queue of ${this.system.title}`};
        answers.set(name, {liveness: 'gone', ...ending});
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
    writeFileSync(join(job.dir, ASKED), '');
    const asks = entry.state === 'running';
    await (asks ? this.#ends : this.#removals).add(entry);
    const {graceSeconds} = job.resources;
    const patience = asks ? (graceSeconds + PATIENCE_SECONDS) * 1000 : 0;
    for (const end = performance.now() + patience; performance.now() < end && !recordOf(job);) await sleep(LOOK_MS);
    if (asks && !recordOf(job)) await this.#removals.add(entry);
    for (const end = performance.now() + REMOVAL_MS; performance.now() < end;) {
      await this.#ask();
      if (isOver(this.#queue?.entries.get(job.name))) break;
      await sleep(LOOK_MS);
    }
    this.#forget(job.name);
  }

  /** `late`: it should be somewhere and is nowhere, or somebody ended it and the queue says who. */
  #reportOf(job: Job): Report | 'late' {
    const {name} = job;
    if (saysAll(job)) return {liveness: 'gone'};
    if (this.#down) {
      const {since, because} = this.#down;
      const minutes = Math.floor((performance.now() - since) / 60_000);
      const long = minutes > 0 ? ` for ${minutes} min` : '';
      return {liveness: 'unknown', because: `${this.system.title} does not answer${long}: ${because}`};
    }
    const entry = this.#queue?.entries.get(name);
    const {because, fate} = entry ?? {};
    if (entry && entry.state !== 'ended') {
      this.#missing.delete(name);
      if (entry.state === 'held') {
        this.#say(
          `job ${name} is held by ${this.system.title}: ${because ?? 'without a reason'}; end it with: ptb pipeline stop`,
        );
      }
      return {liveness: entry.state, ...(because === undefined ? {} : {because})};
    }
    if (because !== undefined || fate !== undefined) {
      this.#endings.set(name, {...(because === undefined ? {} : {because}), ...(fate === undefined ? {} : {fate})});
    }
    const submitted = this.#submitted.get(name);
    // The last answer is older than the submission.
    if (submitted !== undefined && (this.#queue?.at ?? 0) <= submitted) return {liveness: 'waiting'};
    if (recordOf(job)) return 'late';
    const began = existsSync(join(job.dir, 'claimed/owner'));
    if (!entry && !began && submitted === undefined) return {liveness: 'absent'};
    // A node that the system has given up may only be cut off from it: as long as the job writes, it lives.
    const beat = beatOf(job);
    const known = this.#missing.get(name);
    const {since} = known?.beat === beat ? known : {since: performance.now()};
    this.#missing.set(name, {since, beat});
    if (performance.now() - since >= this.settings.lagSeconds * 1000) return 'late';
    return {liveness: began ? 'running' : 'waiting', ...(because === undefined ? {} : {because})};
  }

  /** Asks the history, in one call, how these ended, where the queue did not say it whole. */
  async #learnEndings(jobs: readonly Job[]): Promise<void> {
    const asks = ({name}: Job): boolean => {
      const {because, fate} = this.#endings.get(name) ?? {};
      return because === undefined || fate === 'cancelled';
    };
    const names = jobs.filter(asks).map(({name}) => name);
    const command = names.length > 0 ? this.system.history(names) : undefined;
    if (!command) return;
    const {exitCode, stdout} = await this.#call(command);
    const entries = exitCode === 0 ? this.system.parseHistory(stdout) : undefined;
    for (const {name, because, fate} of entries ?? []) {
      if (because === undefined && fate === undefined) continue;
      this.#endings.set(name, {...(because === undefined ? {} : {because}), ...(fate === undefined ? {} : {fate})});
    }
  }

  #isDue(): boolean {
    return performance.now() - this.#asked >= this.settings.pollSeconds * 1000;
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
    const at = performance.now();
    this.#asked = at;
    const {exitCode, stdout, stderr} = await this.#call(this.system.queue);
    const found = exitCode === 0 ? this.system.parseQueue(stdout) : undefined;
    if (found === undefined) {
      const because = exitCode === 0 ? 'its answer cannot be read' : oneLine(stderr);
      this.#down = {since: this.#down?.since ?? at, because};
      this.#say(
        `${this.system.title} does not answer; jobs go on, and nothing is lost by waiting (${because})`,
        'down',
      );
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
    const execa = await programs();
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
    const now = performance.now();
    const at = Math.max(now, this.#nextCall);
    this.#nextCall = at + 1000 / this.settings.submitRate;
    if (at > now) await sleep(at - now);
  }

  notices(): string[] {
    return this.#notices.splice(0);
  }

  /** Said once, until something else is to be said. `topic`: what it is about, where its words vary. */
  #say(text: string, topic = text): void {
    if (this.#said.has(topic)) return;
    this.#said.add(topic);
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

/** Beyond a job's own grace, before it is removed by force. */
const PATIENCE_SECONDS = 5;
/** How long a removal may take before it is left to the scheduler. */
const REMOVAL_MS = 30_000;

/** In the folder of a job that ptb itself told to end. */
const ASKED = 'asked-to-end';

const isOver = (entry: QueueEntry | undefined): boolean => entry === undefined || entry.state === 'ended';

const recordOf = ({dir}: Job): ExitRecord | undefined => parseExitRecord(read(join(dir, 'exit.json')));

/** Whether a job's folder says all of its end: only one that was told to end leaves open who told it. */
function saysAll(job: Job): boolean {
  const record = recordOf(job);
  return record !== undefined && (record.endedBy !== 'cancel' || existsSync(join(job.dir, ASKED)));
}

/** What a job that lives changes every few seconds. */
const beatOf = ({dir}: Job): string => read(join(dir, 'claimed', 'beat'));

/** Empty for a file that is not there. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

const oneLine = (text: string): string => text.trim().split('\n').filter(Boolean).slice(0, 3).join('; ').slice(0, 400);
