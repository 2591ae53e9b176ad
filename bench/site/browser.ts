import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, Page} from 'playwright-core';

const MOST_RUNS = 5;

/** The middle of several runs, in milliseconds. */
async function median(once: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < MOST_RUNS; run++) times.push(await once());
  return times.sort((a, b) => a - b)[Math.floor(MOST_RUNS / 2)]!;
}

/** What a reader waits for: a page until it answers a click, a trace until its end stands there. Lines to print. */
export async function measure(
  browser: Browser,
  site: string,
  cells: readonly {readonly slug: string}[],
): Promise<string[]> {
  const open = async (path: string): Promise<Page> => {
    const page = await (await browser.newContext({viewport: {width: 1280, height: 900}})).newPage();
    await page.goto(pathToFileURL(join(site, path)).href, {waitUntil: 'commit'});
    return page;
  };
  const lines: string[] = [];
  for (const path of ['index.html', 'cells.html']) {
    const ready = await median(async () => {
      const page = await open(path);
      // The click waits until the script has made buttons of the heads, as a reader's does.
      await page.locator('th button').first().click();
      const time = await page.evaluate<number>('performance.now()');
      await page.context().close();
      return time;
    });
    lines.push(`${path}: sorted by a click ${ready.toFixed(0)} ms after it was asked for`);
  }
  for (const {slug} of cells) {
    const chunks = readdirSync(join(site, 'cells', slug, 'trace'));
    const size = chunks.reduce((sum, name) => sum + statSync(join(site, 'cells', slug, 'trace', name)).size, 0);
    const page = await open(join('cells', slug, 'index.html'));
    await page.locator('.trace .entry').first().waitFor();
    const shown = await page.evaluate<number>('performance.now()');
    const frames = await page.evaluate<number[]>(SCROLL);
    const end = await page.evaluate<number>(TO_END);
    const heap = await page.evaluate<number>('performance.memory.usedJSHeapSize');
    const kept = await page.locator('.trace .entry').count();
    lines.push(
      `trace of ${(size / 1e6).toFixed(1)} MB in ${chunks.length} pieces: there after ${shown.toFixed(0)} ms; scrolled at ` +
        `${(1000 / mean(frames)).toFixed(0)} frames a second, the longest ${Math.max(...frames).toFixed(0)} ms; its end ` +
        `${end.toFixed(0)} ms after the jump there; then ${kept} entries on the page, ${(heap / 1e6).toFixed(0)} MB of heap`,
    );
    await page.context().close();
  }
  return lines;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Two seconds of wheel, 200 pixels a frame; milliseconds of each frame. */
const SCROLL = `new Promise((resolve) => {
  const box = document.querySelector('.trace');
  const frames = [];
  const began = performance.now();
  let last = began;
  const step = (now) => {
    if (now > last) frames.push(now - last);
    last = now;
    box.scrollTop += 200;
    if (now - began < 2000) requestAnimationFrame(step);
    else resolve(frames);
  };
  requestAnimationFrame(step);
})`;

/** Jumps to the end; milliseconds until the last piece has its entries. */
const TO_END = `new Promise((resolve) => {
  const box = document.querySelector('.trace');
  const began = performance.now();
  const last = box.querySelector('.chunk:last-child');
  const look = () => {
    box.scrollTop = box.scrollHeight;
    if (last.querySelector('.entry')) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  look();
})`;
