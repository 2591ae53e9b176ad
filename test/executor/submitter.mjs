// Submits the job that argv describes as JSON to `local`, and ends at once.
import {local} from '../../dist/executor/local.js';

const job = JSON.parse(process.argv[2]);
const capacity = {cpus: 2, memoryMb: 200, gpus: 0};
const executor = local({capacity, gpus: [], leases: '', path: process.env.PATH, onExit: () => undefined});
const answer = await executor.submit(job);
process.exit(answer.kind === 'accepted' ? 0 : 1);
