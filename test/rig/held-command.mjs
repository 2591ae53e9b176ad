// A stage's command whose far end a test holds (test/rig/held.ts): it tells where it stands, then does what it is told.
// usage: node held-command.mjs SOCKET STAGE prepare|run
import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {createInterface} from 'node:readline';

const [socket, stage, phase] = process.argv.slice(2);
const wire = connect(socket);
const tell = (message) => wire.write(`${JSON.stringify(message)}\n`);

tell({
  stage,
  phase,
  pid: process.pid,
  cwd: process.cwd(),
  argv: process.argv,
  env: process.env,
  step: JSON.parse(readFileSync(process.env.PTB_STEP, 'utf8')),
});

createInterface({input: wire}).on('line', (line) => {
  const {does, value} = JSON.parse(line);
  if (does === 'exit') process.exit(value);
  if (does === 'print') process.stdout.write(value, () => tell({printed: 'stdout'}));
  if (does === 'complain') process.stderr.write(value, () => tell({printed: 'stderr'}));
  if (does === 'ignore') process.on(value, () => tell({signal: value}));
});
// The test is over, or has died: nobody is left to obey.
wire.on('close', () => process.exit(99));
wire.on('error', () => process.exit(99));
