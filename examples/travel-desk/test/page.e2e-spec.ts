import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EndpointView } from '../src/monitor/monitor.dto.js';
import { DeskService } from '../src/desk/desk.service.js';
import { EmbeddedRounds } from '../src/monitor/embedded/embedded-rounds.js';
import { MonitorService } from '../src/monitor/monitor.service.js';
import { DEFAULT_ENDPOINTS } from '../src/settings/default-endpoints.js';
import { EmbeddedAirlines } from '../src/upstreams/airlines/embedded-airlines.js';
import { describeInChromium, START_MS } from './support/browser.js';
import { type DeskPage, openDesk, until } from './support/desk-page.js';
import { type RunningApp, startApp } from './support/running-app.js';

describeInChromium('the page', (browser) => {
  let running: RunningApp;
  let desk: DeskPage;

  const monitor = () => running.app.get(MonitorService, { strict: false });

  /** The app after its first round, which is the only one that it begins by itself. */
  beforeEach(async () => {
    running = await startApp({
      fares: { deadlineMs: 5_000, attemptMs: 5_000 },
      monitor: { endpoints: DEFAULT_ENDPOINTS, intervalMs: 86_400_000 },
    });
    await until(() => monitor().summary().ticks).toBe(1);
  });
  afterEach(() => running.app.close());

  beforeEach(async () => {
    desk = await openDesk(browser(), running.port);
  });
  afterEach(async () => {
    await desk[Symbol.asyncDispose]();
    expect(desk.problems).toEqual([]);
  });

  it('shows fifty endpoints, by what they are like, each with its state in words and its last pings', async () => {
    const { page } = desk;
    const cells = page.locator('#endpoints .cell');
    expect(await cells.count()).toBe(50);
    expect(await page.locator('#endpoints h3').allTextContents()).toEqual([
      'healthy 27',
      'slow 5',
      'flapping 6',
      'dead 4',
      'rate-limiting 3',
      'redirecting 3',
      'expired-tls 2',
    ]);
    const dead = page.locator('.cell[data-key="dead-1"]');
    expect((await dead.innerText()).split(/\s*\n\s*/)).toEqual(['dead-1', 'down', 'refused']);
    expect(await dead.getByRole('img').getAttribute('aria-label')).toBe('Last 1 ping, 1 down');
    expect(await page.locator('.cell[data-key="slow-1"] .outcome').textContent()).toMatch(/^(\d{3}\sms|\d\.\d+\ss)$/);

    await running.app.get(EmbeddedRounds, { strict: false }).tick();
    await until(() => dead.getByRole('img').getAttribute('aria-label')).toBe('Last 2 pings, 2 down');
    expect((await dead.locator('path.down').getAttribute('d'))!.match(/M/g)).toHaveLength(2);
  });

  it('counts sockets, requests and retries, and shows the pool of each origin', async () => {
    const { page } = desk;
    await desk.search();
    const polder = page.locator('#sockets tr', { hasText: 'Polder Air' });
    await until(() => polder.locator('td:not(.ratio), .ratio span').allInnerTexts()).toEqual([
      '0',
      '1',
      '0',
      '1',
      '0',
      '0\u00a0%',
    ]);
    const names = await page.locator('#sockets th span').allTextContents();
    expect(names).toHaveLength(58);
    expect(names.slice(7, 10)).toEqual(['Tejo Airways', 'dead-1', 'dead-2']);
    expect(await page.locator('#clients [data-key="airlines"]').innerText()).toMatch(
      /^airlines open\s+8 of 48 sockets/,
    );
    const dead = page.locator('#sockets tr', { hasText: 'dead-1' });
    expect([await polder.isVisible(), await dead.isVisible()]).toEqual([true, false]);
    await page.locator('#pools-empty').check();
    expect(await dead.isVisible()).toBe(true);
    const open = await page.locator('#totals dd').first().textContent();
    expect(Number(open)).toBeGreaterThan(40);
    await until(() => page.locator('#rate dd').first().textContent()).toMatch(/^\d+\.\d$/);
  });

  it('has a broken airline fail until its circuit breaker opens, and closes it once it is restored', async () => {
    const { page } = desk;
    await desk.press('PO', 'Break');
    await until(() => desk.airline('PO').getAttribute('data-mode')).toBe('broken');
    await desk.search('2026-03-01');
    expect(await desk.airline('PO').locator('.lane').innerText()).toContain('answered with status 503, 3 times');
    const retries = page.locator('#clients [data-key="airlines"] div', { hasText: 'retries' }).locator('dd');
    await until(async () => Number(await retries.textContent())).toBeGreaterThanOrEqual(2);
    await desk.search('2026-03-02');
    await until(() => desk.breaker('PO')).toBe('open');
    await desk.search('2026-03-03');
    expect(await desk.airline('PO').locator('.lane').innerText()).toContain('left alone for a while');
    const log = page.locator('#log');
    await until(() => log.innerText()).toMatch(/Polder Air breaker open, after \d failures in \d calls/);
    expect(await log.innerText()).toMatch(/Polder Air attempt 1 failed \(503\); again in \d+\sms/);
    expect(await page.locator('#announcer').textContent()).toMatch(/Polder Air/);

    await desk.press('PO', 'Restore');
    await until(() => desk.breaker('PO')).toBe('half-open');
    await desk.search('2026-03-04');
    await until(() => desk.breaker('PO')).toBe('closed');
    expect(await desk.airline('PO').locator('.lane').innerText()).toMatch(/answered \d+\sms \d fares?/);
  });

  it('counts the seconds until an open circuit breaker lets a call through', { tags: 'slow' }, async () => {
    const snapshot = running.app.get(DeskService, { strict: false }).snapshot();
    const breakers = snapshot.breakers.map((breaker) => ({
      ...breaker,
      halfOpenAt: breaker.label === 'dead-1' ? new Date(Date.now() + 100_000).toISOString() : null,
    }));
    vi.spyOn(running.app.get(DeskService, { strict: false }), 'snapshot').mockReturnValue({ ...snapshot, breakers });
    await using there = await openDesk(browser(), running.port);
    const countdown = there.page.locator('.cell[data-key="dead-1"] .countdown');
    await until(() => countdown.textContent()).toMatch(/^(100|\d\d)\ss$/);
    expect(await there.page.locator('.cell[data-key="dead-2"] .countdown').textContent()).toBe('');
  });

  it('shows fares as they come, the cheapest first, and who is missing, and why', async () => {
    const { page } = desk;
    await desk.press('TJ', 'Slow'); // the search lasts as long as it may, and the rest is there before
    await until(() => desk.airline('TJ').getAttribute('data-mode')).toBe('slow');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('#fares > li').first().waitFor();
    expect(await page.locator('#search-news').textContent()).toBe('Asking all airlines');
    expect(await desk.airline('TJ').locator('.lane').innerText()).toBe('Last search:\nasking…');
    await until(() => page.locator('#search-news').textContent()).toMatch(/^\d{4}-\d\d-\d\d: 7 of 8 answered, from €/);
    const prices = (await page.locator('#fares b').allTextContents()).map((text) => Number(text.slice(2)));
    expect(prices.length).toBeGreaterThanOrEqual(7);
    expect(prices).toEqual(prices.toSorted((one, other) => one - other));
    expect(await page.locator('#missing li').allInnerTexts()).toEqual([
      'Tejo Airways had not answered when the search was over',
    ]);
    expect(await page.locator('#missing').evaluate((list) => list.closest('.scroll'))).toBeNull(); // seen at once
    expect(await page.locator('#budget-text').textContent()).toMatch(/^5\.00\ss of 5\.00\ss$/);
    expect(await desk.airline('TJ').getAttribute('data-outcome')).toBe('deadline');
  });

  it('compares one client with one per call when it is asked to', { tags: 'slow' }, async () => {
    const { page } = desk;
    const panel = page.getByRole('region', { name: 'One client, or one per call' });
    await panel.getByLabel('Round trip').selectOption('0 ms (loopback)');
    await panel.getByLabel('Calls at once').fill('4');
    const answered = page.waitForResponse(/comparison\?roundTripMs=0&calls=4$/, { timeout: START_MS });
    await panel.getByRole('button', { name: 'Compare' }).click();
    await answered;
    await until(() => panel.getByRole('status').innerText()).toMatch(
      /^12 calls each way, .*; 0 handshakes against 12\.$/,
    );
    expect(await panel.getByRole('row', { name: 'TLS handshakes' }).locator('td').allInnerTexts()).toEqual(['0', '12']);
    expect(await panel.getByRole('row', { name: 'A call takes' }).innerText()).toMatch(/ms\s+[\d.]+\s×\s[\d.]+\sms$/);
  });

  it('says that a repeated search is answered from the cache, and how much of all is', { tags: 'slow' }, async () => {
    const { page } = desk;
    const news = page.locator('#search-news');
    const ratio = page.locator('#hit-ratio');
    expect(await ratio.textContent()).toBe('–');
    await desk.search('2026-03-01');
    expect(await news.textContent()).toMatch(/^2026-03-01: 8 of 8 answered, from €/);
    await until(() => ratio.textContent()).toBe('0\u00a0%');
    await page.getByRole('button', { name: 'Search' }).click();
    await until(() => news.textContent()).toMatch(/^2026-03-01: 8 of 8 answered, 8 from the cache, from €/);
    expect(await desk.airline('TG').locator('.lane').innerText()).toMatch(/ from the cache, \d+ s old$/);
    await until(() => ratio.textContent()).toBe('50\u00a0%');
    await page.getByLabel('Not from the cache').check();
    await page.getByRole('button', { name: 'Search' }).click();
    await until(() => desk.airline('TG').locator('.lane').innerText()).toMatch(/ unchanged \(304\)$/);
  });

  it('says beside the form what is wrong with a search', async () => {
    const { page } = desk;
    await page.locator('[name="to"]').fill('ams');
    await page.getByRole('button', { name: 'Search' }).click();
    await until(() => page.locator('#search-error').textContent()).toBe('to: expected another airport than from');
    desk.forgive(); // to the console, a status of 400 is an error
  });

  it('searches again and again where it is asked to', { tags: 'slow' }, async () => {
    const { page } = desk;
    const searches: string[] = [];
    page.on('request', (request) => request.url().includes('/fares/') && searches.push(request.url()));
    await page.getByLabel('Again every 3 s').check();
    await until(() => searches.length).toBe(2);
  });

  it('tells of an endpoint in a dialog, which Escape closes, and keeps it up to date', { tags: 'slow' }, async () => {
    const { page } = desk;
    const cell = page.locator('.cell[data-key="slow-2"]');
    await cell.click();
    const dialog = page.getByRole('dialog', { name: 'slow-2' });
    await dialog.waitFor();
    expect(await dialog.innerText()).toMatch(/127\.0\.0\.1:\d+\/health/);
    expect(await dialog.locator('tbody tr').count()).toBe(1);
    await running.app.get(EmbeddedRounds, { strict: false }).tick();
    await until(() => dialog.locator('tbody tr').count()).toBe(2);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.dataset.key')).toBe('slow-2');
  });

  it('follows the theme of the system until another is chosen, which it remembers', { tags: 'slow' }, async () => {
    const { page } = desk;
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await ground();
    expect(dark).not.toBe(light);
    const button = page.getByRole('button', { name: 'Theme' });
    await button.click();
    expect(await button.textContent()).toBe('Theme: light');
    expect(await ground()).toBe(light);
    await page.reload();
    expect(await ground()).toBe(light);
    expect(await button.textContent()).toBe('Theme: light');
  });

  it('says beside the buttons of an airline what went wrong', async () => {
    await desk.page.route('**/desk/airlines/**', (route) => route.abort());
    await desk.press('PO', 'Break');
    await until(() => desk.airline('PO').locator('.error').textContent()).toBe('The desk cannot be reached.');
    desk.forgive();
  });

  it('shows markup as the text that it is', async () => {
    const [first, ...rest] = monitor().views() as [EndpointView, ...EndpointView[]];
    const id = `"><img src=x onerror="document.title='hacked'">`;
    const url_ = `http://127.0.0.1/${id}`;
    const hostile = { ...first, id, url: url_, behaviour: '</h3><script>' as never };
    vi.spyOn(monitor(), 'views').mockReturnValue([hostile, ...rest]);
    vi.spyOn(monitor(), 'detail').mockReturnValue({ ...first, id, url: url_, history: [] });
    await using there = await openDesk(browser(), running.port);
    const { page } = there;
    const cell = page.locator('.cell').first();
    expect(await cell.locator('.id').textContent()).toBe(id);
    await cell.click();
    expect(await page.getByRole('dialog').innerText()).toContain(url_);
    expect(await page.title()).toBe('Travel desk');
    expect(await page.locator('#endpoints img').count()).toBe(0);
    expect(there.problems).toEqual([]);
  });

  it('is loaded anew where the next process has other endpoints', { tags: 'slow' }, async () => {
    const { page } = desk;
    const views = monitor().views();
    vi.spyOn(monitor(), 'views').mockReturnValue(views.slice(1));
    running.server.closeAllConnections();
    await until(() => page.locator('#endpoints .cell').count()).toBe(49);
    desk.forgive(); // the console complains of the stream
  });

  it('says that the stream has broken off, comes back, and shows what happened in between', async () => {
    const { page } = desk;
    await page.context().setOffline(true);
    running.server.closeAllConnections();
    await until(() => page.locator('#live').textContent()).toBe('reconnecting…');
    running.app.get(EmbeddedAirlines, { strict: false }).find('RX')!.mode = 'broken';
    await page.context().setOffline(false);
    await until(() => desk.airline('RX').getAttribute('data-mode')).toBe('broken');
    expect(await page.locator('#live').textContent()).toBe('live');
    expect(await page.locator('#sockets tr').count()).toBe((await running.get('/desk')).body.sockets.length);
    desk.forgive(); // the console complains of what cannot be reached
  });
});
