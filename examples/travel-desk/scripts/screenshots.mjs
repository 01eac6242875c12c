// Takes the screenshots of the README: the page in both themes, as it is a minute after somebody has broken an airline and
// slowed another. Needs Chromium, and the app as `npm run build` has made it.
import { writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { createApp } from '../dist/create-app.js';
import { settingsWith } from '../dist/settings/read-settings.js';
import { palettePng } from './palette-png.mjs';

const DOCS = new URL('../../../docs/', import.meta.url);
const ROUNDS = 30;
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const args = ['--font-render-hinting=none', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];

const app = await createApp(
  settingsWith({ port: 0, upstreamPort: 0, seed: 1, monitor: { intervalMs: 2_000, jitterMs: 500 } }),
);
app.useLogger(['warn', 'error']);
await app.listen(0, '127.0.0.1');
const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
const browser = await chromium.launch({ executablePath, args });
const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
await page.goto(url);

const press = (code, button) =>
  page.locator(`#airlines [data-key=${code}]`).getByRole('button', { name: button }).click();
const search = async (date) => {
  await page.locator('[name=date]').fill(date);
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('#search-news', { hasText: `${date}: ` }).waitFor();
};

for (let day = 1; day <= 5; day++) await search(`2030-03-0${day}`);
await page.waitForFunction(
  (rounds) => Number(/round (\d+)/.exec(document.querySelector('#monitor .sub').textContent)?.[1]) >= rounds,
  ROUNDS,
  { timeout: 180_000 },
);
await press('PO', 'Break');
await press('TJ', 'Slow');
for (const day of [7, 6, 7]) await search(`2030-03-0${day}`); // the last is answered from the cache
const { y, height } = await page.locator('.endpoints').boundingBox();
const clip = { x: 0, y: 0, width: 1_280, height: Math.ceil(y + height + 16) };
for (const colorScheme of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme });
  const file = new URL(`travel-desk-${colorScheme}.png`, DOCS);
  const png = await palettePng(browser, await page.screenshot({ fullPage: true, clip }));
  writeFileSync(file, png);
  console.log(`${file.pathname} ${Math.ceil(png.length / 1_024)} KB`);
}
await browser.close();
await app.close();
