import {fits, type Shape} from '../base/fits.js';
import {member} from '../base/json.js';
import {BOUNDED, type Outcome} from '../base/outcome.js';

/** What records must hold so that nothing that reads them meets a surprise. Fields that only people read are not listed. */

const OUTCOMES: Readonly<Record<Outcome['kind'], Shape>> = {
  exited: {code: 'number'},
  'timed-out': {afterSeconds: 'number'},
  exceeded: {what: BOUNDED},
  killed: {signal: 'text'},
  stopped: {'because?': 'text'},
  'out-of-memory': {memoryMb: 'number or null'},
  lost: {because: 'text'},
};
const OUTCOME: Shape = (value) => {
  const kind = member(value, 'kind');
  return typeof kind === 'string' && Object.hasOwn(OUTCOMES, kind) && fits(value, OUTCOMES[kind as Outcome['kind']]);
};

const DOC: Shape = {
  stage: {
    name: 'text',
    'done-when': 'texts',
    outputs: {'*': {path: 'text', optional: 'boolean'}},
  },
  axes: {'*': 'text'},
  fields: 'map',
  files: {'*': 'text'},
  needs: 'map',
};

export const BILL: Shape = {
  gpus: 'number',
  limit: 'number or null',
  gpuHours: {active: 'number', held: 'number'},
  usd: {gpus: 'number or null', api: 'number or null'},
  tokens: 'anything',
};

const SECONDS: Shape = {total: 'number', run: 'number', 'queued?': 'number'};

/** Whose step it is, and under which key. */
export const OWNER: Shape = {step: 'text', key: 'text', 'pipeline?': 'text'};

export const RESULT: Shape = {
  ...OWNER,
  doc: DOC,
  attempt: 'ordinal',
  outcome: OUTCOME,
  outputs: {'*': {digest: 'text', files: 'number', bytes: 'number'}},
  started: 'time',
  ended: 'time',
  seconds: SECONDS,
  memoryMb: 'number or null',
  'gpus?': 'texts',
  host: 'text',
  sandbox: 'text',
  executor: 'text',
  'bill?': BILL,
};

export const JOB: Shape = {
  ...OWNER,
  name: 'text',
  doc: DOC,
  attempt: 'ordinal',
  sandbox: 'text',
  executor: 'text',
  'resources?': {gpus: 'number', cpus: 'number', memoryMb: 'number'},
  'terms?': {limit: 'number or null', gpuHourUsd: 'number or null', callsNone: 'boolean'},
  'uses?': 'texts',
  graceSeconds: 'number',
  made: 'time',
};

export const FAILURE: Shape = {
  class: 'text',
  because: 'text',
  outcome: OUTCOME,
  evidence: 'texts',
  ended: 'time',
  'seconds?': SECONDS,
  'bill?': BILL,
};

export const ACCEPTED: Shape = {
  ...OWNER,
  from: 'text',
  paths: 'texts',
  because: 'text',
  by: 'text',
  when: 'time',
};
