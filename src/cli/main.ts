#!/usr/bin/env node
import {Argument, Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import type {TableFormat} from '../report/table.js';
import type {ProjectOptions} from './project.js';
import {explain} from './explain.js';
import {EXIT, terminal} from './terminal.js';

const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

/** Flags that say which pipeline, and which part of it. */
const project = (command: Command): Command =>
  command
    .option('-f, --file <file>', 'the pipeline', 'pipeline.yaml')
    .option('--profile <profile>', 'lay a profile over it; may be repeated', collect, [])
    .option('--set <path=value>', 'set one setting; may be repeated', collect, [])
    .option('--only <axis=v1,v2>', 'keep only these cells; may be repeated', collect, [])
    .option('--until <stage>', 'leave out the stages behind this one')
    .option('--offline', 'take models and data sets from hub.cache alone: --set hub.offline=true');

const rerun = (command: Command): Command =>
  command.option('--rerun <stage[:axis=value,…]>', 'run these steps again; may be repeated', collect, []);

const amount =
  (unit: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0) return value;
    throw new InvalidArgumentError(`It is a number of ${unit}, for instance 40 or 2.5.`);
  };

/** How one step is named. */
const NAMED = 'as it is printed; or its stage with some of its axes: evaluate:agent=codex';

/** Loads a command's module only when it is asked for: `--help` stays quick. */
const action =
  <Options>(run: (options: Options) => Promise<number> | number) =>
  async (options: Options): Promise<void> => {
    process.exitCode = await run(options);
  };

const shell = terminal();
const program = new Command('ptb')
  .description('Runs PostTrainBench: how well do AI agents post-train language models?')
  .version(shell.version)
  .exitOverride();

const pipeline = program.command('pipeline').description('run, plan and watch the experiment matrix');

rerun(project(pipeline.command('run').description('run what is missing, then print the averaged score table')))
  .option('--max-gpu-hours <n>', 'start no step that could pass this many GPU-hours in this run', amount('hours'))
  .option('--max-usd <n>', 'start no step that could pass this many US dollars in this run', amount('dollars'))
  .option('--yes', 'run steps with GPUs again whose results an edit made stale')
  .option('--fail-fast', 'start nothing new after the first failed step')
  .option('--detach', 'start what is ready, leave it running, and go on by a later call')
  .option('--submit-controller', 'run it as a small job of the queue, which outlives the login')
  .option('--dry-run', 'only say what would run')
  .option('--json', 'events as JSON lines on stdout')
  .option('--quiet', 'no progress')
  .action(action<ProjectOptions>(async (options) => (await import('./run.js')).runCommand(options, shell)));

rerun(project(pipeline.command('plan').description('what would run and why, and what it would cost')))
  .option('--steps', 'list every step that would run')
  .option('--json', 'as JSON')
  .action(action<ProjectOptions>(async (options) => (await import('./plan.js')).planCommand(options, shell)));

project(pipeline.command('status').description('where every step stands'))
  .option('--watch', 'again every second, until all is done')
  .option('--json', 'as JSON')
  .action(action<ProjectOptions>(async (options) => (await import('./status.js')).statusCommand(options, shell)));

project(pipeline.command('stop').description('end running jobs; results stay')).action(
  action<ProjectOptions>(async (options) => (await import('./stop.js')).stopCommand(options, shell)),
);

project(pipeline.command('graph').description('the stages as a graph'))
  .addOption(new Option('--format <format>', 'what to print').choices(['mermaid', 'dot', 'svg']).default('mermaid'))
  .action(
    action<ProjectOptions & {format: 'mermaid' | 'dot' | 'svg'}>(async (options) =>
      (await import('./graph.js')).graphCommand(options, shell),
    ),
  );

project(pipeline.command('validate').description('check the pipeline and all that it names')).action(
  action<ProjectOptions>(async (options) => (await import('./validate.js')).validateCommand(options, shell)),
);

project(program.command('table').description('the averaged score table, also of a half-finished run'))
  .addOption(
    new Option('--format <format>', 'what to print')
      .choices(['text', 'markdown', 'csv', 'json', 'latex'])
      .default('text'),
  )
  .option('--with <rows>', 'published rows among them: published, published=v0.1 or published=v1')
  .option('--against <axis>', 'scores against one axis, or a field behind it: hours, agent.effort')
  .option('--plot <file>', 'that as an SVG file')
  .option('--step <file>', "of a step's own inputs: its $PTB_STEP file")
  .option('--overrides <folder>', 'with --step: where the verdicts of people are', 'audits')
  .action(
    action<ProjectOptions & {format: TableFormat; step?: string; with?: string; against?: string; plot?: string}>(
      async (options) => (await import('./table.js')).tableCommand(options, shell),
    ),
  );

project(program.command('report').description('the leaderboard site: one folder, opens from disk'))
  .option('--out <folder>', 'where to; runs/report by default')
  .option('--with <rows>', 'published rows among them: published, published=v0.1 or published=v1')
  .option('--serve [port]', 'show it at http://localhost, live while a run goes on')
  .action(
    action<ProjectOptions & {out?: string; with?: string; serve?: boolean | string}>(async (options) =>
      (await import('./report.js')).reportCommand(options, shell),
    ),
  );

project(program.command('why').description('why a step runs, waits or is cached: what differs, field by field'))
  .argument('<step>', NAMED)
  .option('--json', 'as JSON')
  .action(async (step: string, options: ProjectOptions) => {
    process.exitCode = (await import('./why.js')).whyCommand(step, options, shell);
  });

/** As src/run/status.ts has them. */
const STATES = ['done', 'running', 'waiting', 'failed', 'blocked', 'missing'];

const step = program.command('step').description('single steps: their results, attempts and logs');

project(step.command('list').description('every step with its state'))
  .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
  .option('--json', 'as JSON')
  .action(action<ProjectOptions>(async (options) => (await import('./step.js')).listCommand(options, shell)));

project(step.command('show').description('its result and its attempts: outcome, times, outputs, evidence, folders'))
  .argument('<step>', NAMED)
  .option('--json', 'as JSON')
  .action(async (name: string, options: ProjectOptions) => {
    process.exitCode = (await import('./step.js')).showCommand(name, options, shell);
  });

project(step.command('logs').description('what it wrote, its stdout to stdout and its stderr to stderr'))
  .argument('<step>', NAMED)
  .option('--attempt <n>', 'of this attempt, not the one under way, the result or the last')
  .option('--follow', 'go on until the attempt has ended')
  .action(async (name: string, options: ProjectOptions) => {
    process.exitCode = await (await import('./logs.js')).logsCommand(name, options, shell);
  });

project(step.command('rerun').description('say how to run it again'))
  .argument('<step>', NAMED)
  .action(async (name: string, options: ProjectOptions) => {
    process.exitCode = (await import('./step.js')).rerunCommand(name, options, shell);
  });

project(step.command('accept').description('keep old results although an edit changed what makes them'))
  .argument('<step...>', 'as it is printed; or its stage with some of its axes, for all that are stale')
  .requiredOption('--because <text>', 'why the old results are still good; it is recorded')
  .action(async (steps: string[], options: ProjectOptions & {because: string}) => {
    process.exitCode = (await import('./step.js')).acceptCommand(steps, options, shell);
  });

const audit = program.command('audit').description('what the audit found, and what people say of it');

/** How one cell is named. */
const CELL = 'some of its values, for instance agent=codex,model=qwen3-4b';

project(audit.command('list').description('the verdict on every cell, with its evidence'))
  .addOption(new Option('--verdict <verdict>', 'only these').choices(['flagged', 'look', 'clean', 'pending', 'failed']))
  .option('--json', 'as JSON')
  .action(action<ProjectOptions>(async (options) => (await import('./audit.js')).auditListCommand(options, shell)));

project(audit.command('show').description('everything that was found in one cell, with places and excerpts'))
  .argument('<cell>', CELL)
  .option('--json', 'as JSON')
  .action(async (cell: string, options: ProjectOptions) => {
    process.exitCode = (await import('./audit.js')).auditShowCommand(cell, options, shell);
  });

project(audit.command('override').description("put a person's verdict in the audit's place; writes a file to commit"))
  .argument('<cell>', CELL)
  .addOption(new Option('--verdict <verdict>', 'what it is').choices(['clean', 'flagged']).makeOptionMandatory())
  .requiredOption('--because <text>', 'why; it is recorded')
  .action(async (cell: string, options: ProjectOptions & {verdict: 'clean' | 'flagged'; because: string}) => {
    process.exitCode = (await import('./audit-override.js')).auditOverrideCommand(cell, options, shell);
  });

const store = program.command('store').description('the results on disk');

store
  .command('verify')
  .description('check every result against what was committed; name what was changed')
  .option('--runs <folder>', 'where the results are', 'runs')
  .option('--repair', 'move damaged results aside, so that their steps run again')
  .option('--json', 'as JSON')
  .action(
    action<{runs: string; repair?: boolean}>(async (options) =>
      (await import('./store.js')).verifyCommand(options, shell),
    ),
  );

store
  .command('gc')
  .description('list what no profile of the pipeline can reach; deletes nothing unless told to')
  .option('-f, --file <file>', 'the pipeline', 'pipeline.yaml')
  .option('--delete', 'delete it')
  .option('--older-than <time>', 'only what has not been touched for so long, for instance 7d')
  .option('--json', 'as JSON')
  .action(
    action<{file: string; delete?: boolean; olderThan?: string}>(async (options) =>
      (await import('./gc.js')).gcCommand(options, shell),
    ),
  );

project(
  program.command('doctor').description('is this machine ready for the pipeline: each thing it needs, with the remedy'),
)
  .option('--online', 'also try keys and logins by a cheap call each')
  .option('--json', 'as JSON')
  .action(action<ProjectOptions>(async (options) => (await import('./doctor.js')).doctorCommand(options, shell)));

const imports = program.command('import').description('results that were made elsewhere, into the table');

project(imports.command('upstream').description('a result tree of the PostTrainBench repository'))
  .argument('<dir>', 'holds <method>/<benchmark>_<org>_<model>_<run id>/')
  .option('--as <name>', "what the table calls it; the folder's name by default")
  .action(async (dir: string, options: ProjectOptions & {as?: string}) => {
    process.exitCode = (await import('./import.js')).importUpstreamCommand(dir, options, shell);
  });

const exports = program
  .command('export')
  .description('results for elsewhere; tables: ptb table --format csv|json|latex');

project(
  exports.command('ro-crate').description('what ran, with which inputs, images, versions and digests: an RO-Crate'),
)
  .option('--out <folder>', 'where to; runs/ro-crate by default')
  .option('--license <url>', 'of the results, for instance https://spdx.org/licenses/CC-BY-4.0')
  .action(
    action<ProjectOptions & {out?: string; license?: string}>(async (options) =>
      (await import('./export.js')).exportCrateCommand(options, shell),
    ),
  );

project(
  program.command('lock').description('write down which versions of models and data were used, to be committed'),
).action(action<ProjectOptions>(async (options) => (await import('./lock.js')).lockCommand(options, shell)));

const made = program
  .command('new')
  .description('a folder that runs as it is, to be edited: an agent, an eval, a stage');

for (const [kind, description] of [
  ['agent', 'agents/NAME: agent.yaml and solve.sh'],
  ['eval', 'evals/NAME: eval.yaml, benchmark.txt, evaluate.py and make_data.py'],
  ['stage', 'stages/NAME: stage.yaml and run.sh'],
] as const)
  made
    .command(kind)
    .description(description)
    .argument('<name>', 'what it is called')
    .option('-f, --file <file>', 'the pipeline beside whose folders it goes', 'pipeline.yaml')
    .action(async (name: string, options: {file: string}) => {
      process.exitCode = (await import('./new.js')).newCommand(kind, name, options, shell);
    });

program
  .command('completion')
  .description('a script by which a shell completes commands, options and the names in the pipeline')
  .addArgument(new Argument('<shell>', 'for which').choices(['bash', 'zsh', 'fish']))
  .addHelpText('after', '\nsource <(ptb completion bash), in zsh alike; in fish: ptb completion fish | source')
  .action(async (name: string) => {
    process.exitCode = (await import('./completion.js')).completionCommand(name, shell);
  });

program
  .command('complete', {hidden: true})
  .argument('[words...]', 'behind --: what is typed behind ptb, up to the cursor')
  .action(async (words: string[]) => {
    process.exitCode = (await import('./complete.js')).completeCommand(program, words, shell);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? EXIT.done : EXIT.badInput) : explain(error, shell);
}
