import {existsSync} from 'node:fs';
import {chromium, type Browser} from 'playwright-core';

const FILES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's own Chromium, headless. */
export async function startChromium(): Promise<Browser> {
  const executablePath = FILES.find((file) => existsSync(file));
  if (executablePath === undefined) throw new Error('no Chromium here; containers/setup.sh browser installs it');
  return await chromium.launch({executablePath, args: FLAGS});
}
