import {labHas} from '../lab/lab.js';
import {executorContract} from '../executor/contract.js';
import {sharedFaults} from './faults.js';
import {slurmFaults} from './slurm-faults.js';
import {SUBJECTS} from './systems.js';

// One after the other: some take the cluster's daemons away, and all count its CPUs.
if (labHas('slurm')) {
  executorContract('slurm', SUBJECTS.slurm);
  sharedFaults('slurm');
  slurmFaults();
}
