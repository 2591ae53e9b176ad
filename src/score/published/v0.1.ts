import type {PublishedCells} from './shape.js';

/**
 * The first published table (PostTrainBench v0.1, December 2025): per benchmark the mean over four models. Cells of single
 * models were not published, so a row here has one line.
 */
export const V0_1: PublishedCells = {
  benchmarks: ['aime2025', 'bfcl', 'gpqa-main', 'gsm8k', 'humaneval'],
  models: ['mean over 4 models'],
  rows: [
    {
      name: 'Base model',
      kind: 'baseline',
      replicates: 1,
      seconds: null,
      std: null,
      means: [[0.0167, 0.015, 0.0848, 0.2043, 0.128]],
    },
    {
      name: 'Claude Sonnet 4.5',
      kind: 'agent',
      replicates: 1,
      seconds: null,
      std: null,
      means: [[0.0083, 0.015, 0.0597, 0.2481, 0.125]],
    },
    {
      name: 'Codex 5.1',
      kind: 'agent',
      replicates: 1,
      seconds: null,
      std: null,
      means: [[0.0083, 0.55, 0.2193, 0.2866, 0.279]],
    },
    {
      name: 'Human post-trained',
      kind: 'baseline',
      replicates: 1,
      seconds: null,
      std: null,
      means: [[0.3556, 0.85, 0.3622, 0.8815, 0.6951]],
    },
  ],
};
