import {describeAxes} from '../../matrix/cell.js';
import type {ResultRecord} from '../../store/result.js';
import type {FailedAttempt, SiteData, SiteStep} from '../site/model.js';
import {Entities, ref, uriOf, type Entity, type Ref} from './entity.js';

/** A file to lie in the crate at `path`; its content is that of the file `from`. */
export type Copied = {readonly path: string; readonly from: string; readonly sha256: string; readonly bytes: number};

/** What of a project goes into the crate as it is. Paths are those in the project. */
export type CrateFiles = {
  readonly workflow: string;
  /** Scripts, prompts and lists that the steps read. */
  readonly project: ReadonlyMap<string, Copied>;
  /** Outputs of a step that are one small file, and its record, by output name. */
  readonly outputs: (step: SiteStep) => ReadonlyMap<string, Copied>;
  /** Further files on the whole run: tables, the lock. */
  readonly whole: readonly (Copied & {readonly title: string})[];
};

export type CrateOptions = {
  /** The address of a licence; without one the crate says that nobody named it. */
  readonly license?: string | undefined;
  /** What ptb runs on, with its version. */
  readonly runtime: string;
};

const PROFILES = [
  ['https://w3id.org/ro/wfrun/process/0.5', 'Process Run Crate', '0.5'],
  ['https://w3id.org/ro/wfrun/workflow/0.5', 'Workflow Run Crate', '0.5'],
  ['https://w3id.org/workflowhub/workflow-ro-crate/1.0', 'Workflow RO-Crate', '1.0'],
] as const;
const PTB = '#ptb';
const RUN = '#run';
/** Of `result.json` among a step's files. */
export const RECORD = 'result.json';

/**
 * A run as RO-Crate 1.1 metadata after the Workflow Run Crate profile 0.5 (Leo et al., "Recording provenance of workflow
 * runs with RO-Crate", 2024): one action for the whole, and one for each attempt of each step.
 */
export function crateOf(data: SiteData, files: CrateFiles, {license, runtime}: CrateOptions): object {
  const graph = new Entities();
  const made = data.frame.made;
  const done = data.steps.flatMap((step) => (step.result ? [{...step, record: step.result.record}] : []));
  const fileOf = ({path, sha256, bytes}: Copied, name: string, more: Partial<Entity> = {}): Ref =>
    graph.add({
      '@id': uriOf(path),
      '@type': 'File',
      name,
      contentSize: String(bytes),
      sha256,
      encodingFormat: formatOf(path),
      ...more,
    });

  const licence =
    license === undefined
      ? graph.add({
          '@id': '#license',
          '@type': 'CreativeWork',
          name: 'No licence named',
          description: 'Whoever made this crate named no licence.',
        })
      : ref(license);
  const engine = graph.add({
    '@id': PTB,
    '@type': ['SoftwareApplication', 'ComputerLanguage'],
    name: 'ptb',
    version: data.frame.version,
    url: 'https://posttrainbench.com',
    softwareRequirements: runtime,
  });
  const instruments = new Map(
    data.stages.map(({name}) => {
      const declared = files.project.get(`stages/${name}/stage.yaml`);
      return [
        name,
        declared
          ? fileOf(declared, name, {'@type': ['File', 'SoftwareSourceCode']})
          : graph.add({'@id': `#stage-${name}`, '@type': 'SoftwareSourceCode', name}),
      ];
    }),
  );
  const project = [...files.project].map(([path, copied]) => fileOf(copied, path));
  const outputs = new Map<string, Ref>();
  for (const step of done) for (const [key, at] of outputsOf(step, files, graph)) outputs.set(key, at);
  const actions = data.steps.flatMap((step) => [
    ...step.failed.map((attempt) => graph.add(failedAction(step, attempt, instruments.get(step.stage)!))),
    ...(step.result ? [graph.add(stepAction(step, step.result.record, instruments, outputs, files, graph))] : []),
  ]);

  const axes = Object.keys(data.cells[0]?.at ?? {});
  const parameters = axes.map((axis) =>
    graph.add({
      '@id': `#axis-${axis}`,
      '@type': 'FormalParameter',
      additionalType: 'Text',
      name: axis,
      multipleValues: true,
    }),
  );
  const values = axes.map((axis) =>
    graph.value(RUN, axis, [...new Set(data.cells.map(({at}) => at[axis]!))].join(', '), {
      exampleOfWork: ref(`#axis-${axis}`),
    }),
  );
  const result = graph.add({'@id': '#scores', '@type': 'FormalParameter', additionalType: 'File', name: 'scores'});
  const whole = files.whole.map((one) => fileOf(one, one.title, {exampleOfWork: result}));
  graph.add({
    '@id': uriOf(files.workflow),
    '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow'],
    encodingFormat: 'application/yaml',
    name: data.frame.name,
    programmingLanguage: engine,
    license: licence,
    input: parameters,
    output: [result],
    hasPart: [...instruments.values()],
  });
  const times = done.map(({record}) => record).filter(({started, ended}) => started !== '' && ended !== '');
  graph.add({
    '@id': RUN,
    '@type': 'CreateAction',
    name: `${data.frame.name}: ${data.cells.length} cells`,
    description: `${done.length} of ${data.steps.length} steps are done`,
    instrument: ref(uriOf(files.workflow)),
    object: [...values, ...project],
    result: whole,
    ...(times.length > 0
      ? {
          startTime: timeOf(least(times.map(({started}) => started))),
          endTime: timeOf(most(times.map(({ended}) => ended))),
        }
      : {}),
    actionStatus: `http://schema.org/${done.length === data.steps.length ? 'CompletedActionStatus' : 'ActiveActionStatus'}`,
  });
  for (const [id, name, version] of PROFILES) graph.add({'@id': id, '@type': 'CreativeWork', name, version});

  const parts = graph.all().filter((entity) => isData(entity));
  return {
    '@context': ['https://w3id.org/ro/crate/1.1/context', 'https://w3id.org/ro/terms/workflow-run/context'],
    '@graph': [
      {
        '@id': 'ro-crate-metadata.json',
        '@type': 'CreativeWork',
        conformsTo: [ref('https://w3id.org/ro/crate/1.1'), ref('https://w3id.org/workflowhub/workflow-ro-crate/1.0')],
        about: ref('./'),
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: `Results of ${data.frame.name}`,
        description: `${done.length} of ${data.steps.length} steps of the pipeline ${data.frame.name}, run with ptb ${data.frame.version}: agents that post-train language models, and their scores.`,
        datePublished: made,
        license: licence,
        conformsTo: PROFILES.map(([id]) => ref(id)),
        mainEntity: ref(uriOf(files.workflow)),
        hasPart: parts.map((entity) => ref(entity['@id'])),
        mentions: [ref(RUN), ...actions],
      },
      ...graph.all(),
    ],
  };
}

const isData = ({'@type': type}: Entity): boolean => [type].flat().some((one) => one === 'File' || one === 'Dataset');

/** With the offset written out, as the profile wants it. */
const timeOf = (utc: string): string => utc.replace(/Z$/, '+00:00');

const least = (texts: readonly string[]): string => texts.reduce((a, b) => (a < b ? a : b));
const most = (texts: readonly string[]): string => texts.reduce((a, b) => (a > b ? a : b));

/** Outputs of a step by stage, name and digest: files of the crate, or what only a digest names, such as weights. */
function outputsOf(
  step: SiteStep & {readonly record: ResultRecord},
  files: CrateFiles,
  graph: Entities,
): [string, Ref][] {
  const here = files.outputs(step);
  return Object.entries(step.record.outputs).map(([name, {digest, files: count, bytes}]) => {
    const copied = here.get(name);
    const isFolder = !copied && count !== 1;
    const id = copied ? uriOf(copied.path) : `urn:ptb:${digest}${isFolder ? '/' : ''}`;
    const at = graph.add({
      '@id': id,
      '@type': isFolder ? 'Dataset' : 'File',
      ...(isFolder ? {} : {encodingFormat: formatOf(name)}),
      name: `${name} of ${step.id}`,
      contentSize: String(bytes),
      ...(copied
        ? {sha256: copied.sha256}
        : {
            description: `Not in this crate: ${count} files in ${step.result!.folder}/out/${name}; the id is ptb's digest of them.`,
          }),
    });
    return [keyOf(step.stage, name, digest), at];
  });
}

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['csv', 'text/csv'],
  ['json', 'application/json'],
  ['jsonl', 'application/jsonl'],
  ['md', 'text/markdown'],
  ['py', 'text/x-python'],
  ['sh', 'application/x-sh'],
  ['sif', 'application/vnd.sylabs.sif.layer.v1.sif'],
  ['txt', 'text/plain'],
  ['yaml', 'application/yaml'],
]);

const formatOf = (path: string): string =>
  FORMATS.get(path.slice(path.lastIndexOf('.') + 1)) ?? 'application/octet-stream';

const keyOf = (stage: string, output: string, digest: string): string => `${stage}/${output}/${digest}`;

function stepAction(
  step: SiteStep,
  record: ResultRecord,
  instruments: ReadonlyMap<string, Ref>,
  outputs: ReadonlyMap<string, Ref>,
  files: CrateFiles,
  graph: Entities,
): Entity {
  const id = actionOf(step, record.attempt);
  const {bill} = record;
  const used: [string, number | undefined | null, string][] = [
    ['peak memory', record.memoryMb, 'MB'],
    ['GPU time', bill?.gpuHours.held, 'h'],
    ['price of the GPUs', bill?.usd.gpus, 'USD'],
    ['price of the API calls', bill?.usd.api, 'USD'],
  ];
  const image = record.doc.stage.image;
  return {
    '@id': id,
    '@type': 'CreateAction',
    name: step.id,
    instrument: instruments.get(step.stage)!,
    object: [
      ...Object.entries(step.at).map(([axis, value]) => graph.value(id, axis, value)),
      ...Object.entries(record.doc.fields).map(([field, value]) =>
        graph.value(id, field, typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)),
      ),
      ...Object.entries(record.doc.pins ?? {}).map(([name, pin]) => graph.value(id, name, pin)),
      ...Object.entries(record.doc.files).map(([path, digest]) => {
        const known = files.project.get(path);
        // A result that somebody accepted was made with other files than those that stand there now.
        return known?.sha256 === digest ? ref(uriOf(known.path)) : graph.value(id, path, digest);
      }),
      ...inputsOf(record, outputs),
    ],
    result: Object.entries(record.outputs).map(([name, {digest}]) => outputs.get(keyOf(step.stage, name, digest))!),
    startTime: timeOf(record.started),
    endTime: timeOf(record.ended),
    actionStatus: 'http://schema.org/CompletedActionStatus',
    description: `attempt ${record.attempt} on ${record.host}: ${record.executor}, sandbox ${record.sandbox}, ${record.outcome.kind}; key ${record.key}`,
    ...(typeof image !== 'string'
      ? {}
      : {
          containerImage: graph.add({
            '@id': `#image-${image}`,
            '@type': 'ContainerImage',
            name: image,
            sha256: image.replace('sha256:', ''),
          }),
        }),
    ...(record.gpus && record.gpus.length > 0 ? {environment: [graph.value(id, 'GPUs', record.gpus.join(', '))]} : {}),
    resourceUsage: used.flatMap(([name, value, unit]) =>
      typeof value === 'number'
        ? [graph.value(id, name, value, {unitText: unit, propertyID: `urn:ptb:usage:${encodeURIComponent(name)}`})]
        : [],
    ),
  };
}

/** What a step took of others: its key names their outputs by digest. */
function inputsOf({doc}: ResultRecord, outputs: ReadonlyMap<string, Ref>): Ref[] {
  return Object.entries(doc.needs).flatMap(([stage, taken]) => {
    const found: Ref[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        if (typeof inner === 'string')
          found.push(...[outputs.get(keyOf(stage, name, inner))].filter((one) => one !== undefined));
        else visit(inner);
      }
    };
    visit(taken);
    return found;
  });
}

const failedAction = (step: SiteStep, attempt: FailedAttempt, instrument: Ref): Entity => ({
  '@id': actionOf(step, attempt.attempt),
  '@type': 'CreateAction',
  name: step.id,
  description: `attempt ${attempt.attempt}, which failed`,
  instrument,
  endTime: timeOf(attempt.ended),
  actionStatus: 'http://schema.org/FailedActionStatus',
  error: `${attempt.class}: ${attempt.because}`,
});

const actionOf = ({stage, at}: SiteStep, attempt: number): string =>
  `#${encodeURIComponent(stage)}-${encodeURIComponent(describeAxes(at))}-${attempt}`;
