import {none} from '../../src/sandbox/none.js';
import {sandboxContract} from './contract.js';

const SEES_ALL = 'a job sees and may change all that its user does';

sandboxContract('none', () => Promise.resolve(none('/usr/local/bin:/usr/bin:/bin')), {
  'home and /tmp are of its own, and writable': '/tmp is that of the host',
  'files, inputs and the step file are read-only': SEES_ALL,
  ...(process.getuid?.() === 0 ? {'the system is read-only': SEES_ALL} : {}),
  'the home of the host, the project and other jobs are not visible': SEES_ALL,
  'a link does not lead out of it': SEES_ALL,
  'processes of the host are neither visible nor to be signalled': 'it has no pid namespace',
  'no network is reached when none was asked for': 'it has no network namespace',
  'more memory than it asked for ends the job, and only it': 'it sets no control group',
  'a daemon that hides ends with the job':
    'without a pid namespace daemons are found by their environment or their parents',
  'its script, its exit record, verdicts and what it shares cannot be written, by no way that /proc shows': SEES_ALL,
  'processes outside cannot be traced, read or signalled, nor their keys seen': SEES_ALL,
  ...(process.getuid?.() === 0 ? {'no device file can be made': SEES_ALL} : {}),
});
