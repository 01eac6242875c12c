import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** A browser takes its time on a machine that has much else to do. */
export const START_MS = 60_000;

const HOW_TO_GET_IT =
  'Chromium is missing: apt-get install chromium, or set CHROMIUM_PATH to the executable of Chromium, Chrome or Edge.';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  'C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe',
];

/**
 * Where there is a browser for the tests of the page. Where there is none, those are skipped, which the log says; in CI they
 * fail instead.
 * @throws Error in CI, and where CHROMIUM_PATH leads nowhere
 */
export function findChromium(
  { CHROMIUM_PATH, CI }: NodeJS.ProcessEnv = process.env,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  const found = CHROMIUM_PATH === undefined ? USUAL_PLACES.find(exists) : CHROMIUM_PATH;
  if (CHROMIUM_PATH !== undefined && !exists(CHROMIUM_PATH)) {
    throw new Error(`CHROMIUM_PATH: there is no ${CHROMIUM_PATH}`);
  }
  if (found === undefined && CI) throw new Error(HOW_TO_GET_IT);
  if (found === undefined) console.warn(`The tests of the page are skipped. ${HOW_TO_GET_IT}`);
  return found;
}

/** Tests that have a browser, one for all of them; they are skipped where there is none. */
export function describeInChromium(name: string, tests: (browser: () => Browser) => void): void {
  const executablePath = findChromium();
  describe.skipIf(executablePath === undefined)(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      // The sandbox of Chromium does not start for root.
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath: executablePath!, args });
    }, START_MS);
    afterAll(() => browser.close());
    tests(() => browser);
  });
}
