import type {ProjectOptions} from './project.js';
import type {ReportOptions} from './reporter.js';

/** Flags of `ptb pipeline run`. */
export type RunOptions = ProjectOptions &
  ReportOptions & {
    readonly failFast?: boolean;
    readonly dryRun?: boolean;
    readonly yes?: boolean;
    readonly detach?: boolean;
    readonly submitController?: boolean;
    readonly maxGpuHours?: number;
    readonly maxUsd?: number;
  };
