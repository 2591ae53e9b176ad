import {labHas} from '../lab/lab.js';
import {executorContract} from '../executor/contract.js';
import {clusterChaos} from './chaos.js';
import {controllerAsJob} from './controller.js';
import {sharedFaults} from './faults.js';
import {slurmFaults} from './slurm-faults.js';
import {clusterSmoke} from './smoke-slice.js';
import {SUBJECTS} from './systems.js';

// One after the other: some take the cluster's daemons away, and all count its CPUs.
if (labHas('slurm')) {
  executorContract('slurm', SUBJECTS.slurm);
  sharedFaults('slurm');
  slurmFaults();
  controllerAsJob('slurm');
  clusterChaos('slurm');
  clusterSmoke('slurm');
}
