import axe from 'axe-core';
import { HttpClients } from 'nest-outbound';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AIRLINES_CLIENT } from '../src/airlines/airlines-client.js';
import { DeskService } from '../src/desk/desk.service.js';
import { MonitorService } from '../src/monitor/monitor.service.js';
import { DEFAULT_ENDPOINTS } from '../src/settings/default-endpoints.js';
import { EmbeddedAirlines } from '../src/upstreams/airlines/embedded-airlines.js';
import { describeInChromium } from './support/browser.js';
import { openDesk, until } from './support/desk-page.js';
import { type RunningApp, startApp } from './support/running-app.js';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The same with every number as wide as it may be. */
function huge<T extends object>(figures: T): T {
  const entries = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number.MAX_SAFE_INTEGER : value,
  ]);
  return Object.fromEntries(entries) as T;
}

describeInChromium('the page for everybody', (browser) => {
  let running: RunningApp;

  beforeEach(async () => {
    running = await startApp({
      fares: { deadlineMs: 5_000, attemptMs: 5_000 },
      monitor: { endpoints: DEFAULT_ENDPOINTS, intervalMs: 86_400_000 },
    });
    await until(() => running.app.get(MonitorService, { strict: false }).summary().ticks).toBe(1);
  });
  afterEach(() => running.app.close());

  it('can be used with a keyboard alone', async () => {
    await using desk = await openDesk(browser(), running.port);
    const { page } = desk;
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    const outline = () => page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    const tab = async (times = 1) => {
      for (let time = 0; time < times; time++) {
        await page.keyboard.press('Tab');
        expect(await outline()).toBe('solid');
      }
      return focused();
    };
    expect(await tab()).toBe('Skip to the airlines');
    await page.keyboard.press('Enter');
    expect(await tab()).toBe('Break');
    await page.keyboard.press('Enter');
    await until(() => desk.airline('PO').getAttribute('data-mode')).toBe('broken');
    expect(await tab(2)).toBe('Restore');
    await page.keyboard.press('Space');
    await until(() => desk.airline('PO').getAttribute('data-mode')).toBe('normal');

    await page.locator('[name="from"]').focus();
    await page.keyboard.press('Enter');
    await until(() => page.locator('#search-news').textContent()).toMatch(/of 8 answered/);

    await page.locator('.jump').focus();
    expect(await tab()).toMatch(/^healthy-1\s/);
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toMatch(/^healthy-2\s/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'healthy-2' }).waitFor();
    await page.keyboard.press('Enter'); // on its Close
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toMatch(/^healthy-2\s/);

    await page.locator('.jump').focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('pools-title');
  });

  describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
    it('keeps to WCAG 2.2 AA, on large screens and small ones', { tags: 'slow' }, async () => {
      await using there = await openDesk(browser(), running.port);
      const { page } = there;
      await there.press('PO', 'Break');
      await there.press('TJ', 'Slow');
      await there.search('2026-03-01');
      const { origin } = running.app.get(EmbeddedAirlines, { strict: false }).find('PO')!;
      running.app.get(HttpClients).breakers(AIRLINES_CLIENT).isolate(origin); // open for as long as this takes
      await until(() => there.breaker('PO')).toBe('open');
      await page.evaluate(axe.source);
      const check = async (context: string) => {
        const how = JSON.stringify({ runOnly: WCAG, resultTypes: ['violations'] });
        const results = (await page.evaluate(`axe.run(${context}, ${how})`)) as axe.AxeResults;
        expect(results.passes.map(({ id }) => id)).toContain('color-contrast');
        const violations = results.violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => [id, html, any]));
        expect(violations).toEqual([]);
      };
      await page.emulateMedia({ colorScheme });
      for (const width of [1_280, 360]) {
        await page.setViewportSize({ width, height: 740 });
        await check('document');
      }
      await page.locator('.cell[data-key="flapping-1"]').click();
      await page.getByRole('dialog').waitFor();
      await check('"#detail"');
      await page.keyboard.press('Escape');
      await page.locator('#drain-open').click();
      await check('"#drain-dialog"');
      await page.keyboard.press('Escape');
    });
  });

  it('fits into 360 pixels, with room for fingers', { tags: 'slow' }, async () => {
    await using there = await openDesk(browser(), running.port, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
    });
    const { page } = there;
    await page.getByRole('button', { name: 'Ask all airlines' }).tap();
    await until(() => page.locator('#again-news').textContent()).toMatch(/of 8 answered/);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const cutNames = await page.evaluate(`
      [...document.querySelectorAll('.cell, .cell > span')].filter((element) => element.scrollWidth > element.clientWidth).length`);
    expect(cutNames).toBe(0);
    const cut = await page.evaluate(`
      [...document.querySelectorAll('.scroll')]
        .filter((element) => element.scrollWidth > element.clientWidth)
        .map((element) => element.ariaLabel)`);
    expect(cut).toEqual([]);
    const low = await page.evaluate(`
      [...document.querySelectorAll('button, input:not([type=checkbox]), .check, .cell, nav a')]
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML)`);
    expect(low).toEqual([]);
  });

  it(
    'fits into 360 pixels whatever its figures are, every table, and the numbers above them',
    { tags: 'slow' },
    async () => {
      const desk = running.app.get(DeskService, { strict: false });
      const monitor = running.app.get(MonitorService, { strict: false });
      const snapshot = desk.snapshot();
      vi.spyOn(desk, 'snapshot').mockReturnValue({
        ...snapshot,
        process: huge(snapshot.process),
        clients: snapshot.clients.map((client) =>
          Object.assign(huge(client), { reuseRatio: 1, cache: client.cache && huge(client.cache) }),
        ),
        sockets: snapshot.sockets.map((sockets) => Object.assign(huge(sockets), { reuseRatio: 1 })),
      });
      const detail = monitor.detail('slow-2')!;
      vi.spyOn(monitor, 'detail').mockReturnValue({
        ...detail,
        history: detail.history.map((ping) =>
          Object.assign(huge(ping), { code: 'ERR_THAT_HAS_A_NAME_OF_UNREASONABLE_LENGTH' }),
        ),
      });
      await using there = await openDesk(browser(), running.port, { viewport: { width: 360, height: 740 } });
      const { page } = there;
      const wide = () =>
        page.evaluate(`
        [...document.querySelectorAll('html, dialog, .scroll, table, th, td, dd, .panel, .totals, .clients > li')]
          .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth)
          .map((element) => [element.localName, element.textContent.trim().slice(0, 40), element.scrollWidth, element.clientWidth])`);
      const figures = (name: string) => page.locator(`${name} td:visible`).allInnerTexts();
      expect(await figures('#sockets')).toContain('9,007,199,254,740,991');
      expect(await wide()).toEqual([]);

      await page.locator('.cell[data-key="slow-2"]').click();
      await page.getByRole('dialog').waitFor();
      await until(() => figures('#pings')).toContain('9007199254740.99\u00a0s');
      expect(await wide()).toEqual([]);
    },
  );

  it('tells what there is without JavaScript, too', async () => {
    await using there = await openDesk(browser(), running.port, { javaScriptEnabled: false });
    const { page } = there;
    expect(await page.locator('#endpoints .cell').count()).toBe(50);
    const countKnown = async () => {
      await page.reload(); // without JavaScript, nothing else shows what has been pinged since
      return page.locator('.cell:not([data-state="unknown"])').count();
    };
    await until(countKnown).toBe(50);
    expect(await there.breaker('PO')).toBe('closed');
    expect(await page.locator('.notice').innerText()).toMatch(/^This is how things were at 20/);
    expect(await page.getByRole('button', { name: 'Break' }).count()).toBe(0);
    await page.locator('.cell[data-key="dead-1"]').click();
    expect(await page.innerText('body')).toContain('"history"');
  });
});
