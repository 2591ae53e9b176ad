import {labHas} from '../lab/lab.js';
import {executorContract} from '../executor/contract.js';
import {controllerAsJob} from './controller.js';
import {sharedFaults} from './faults.js';
import {htcondorFaults} from './htcondor-faults.js';
import {clusterSmoke} from './smoke-slice.js';
import {SUBJECTS} from './systems.js';

if (labHas('htcondor')) {
  executorContract('htcondor', SUBJECTS.htcondor);
  sharedFaults('htcondor');
  htcondorFaults();
  controllerAsJob('htcondor');
  clusterSmoke('htcondor');
}
