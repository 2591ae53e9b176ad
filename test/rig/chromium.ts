import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium, type Browser, type Page} from 'playwright-core';

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

/** A page of a site from disk, with everything it complained of and every request that left the folder. */
export async function visitFile(
  browser: Browser,
  site: string,
  path: string,
  options: {readonly dark?: boolean; readonly width?: number} = {},
): Promise<{page: Page; wrong: string[]}> {
  const context = await browser.newContext({
    viewport: {width: options.width ?? 1280, height: 900},
    colorScheme: options.dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => wrong.push('an alert')));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(pathToFileURL(site).href) && !url.startsWith('data:')) wrong.push(`request: ${url}`);
  });
  await page.goto(pathToFileURL(join(site, path)).href);
  return {page, wrong};
}
