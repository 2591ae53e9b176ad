import type {Target} from '../call.js';
import {configuration} from './configuration.js';
import {metrics} from './metrics.js';
import {records} from './records.js';
import {trace} from './trace.js';
import {tree} from './tree.js';
import {weights} from './weights.js';

export const TARGETS = {configuration, tree, trace, metrics, records, weights} satisfies Record<
  string,
  () => (Target & Disposable) | Promise<Target & Disposable>
>;
export type TargetName = keyof typeof TARGETS;

/** How often each is chosen. */
export const SHARES: readonly TargetName[] = [
  ...Array<TargetName>(8).fill('configuration'),
  ...Array<TargetName>(4).fill('records'),
  ...Array<TargetName>(3).fill('weights'),
  ...Array<TargetName>(2).fill('metrics'),
  ...Array<TargetName>(2).fill('tree'),
  'trace',
];
