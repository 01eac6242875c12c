import { expect, it, onTestFinished } from 'vitest';
import { describeInChromium } from './support/browser.js';
import { openDesk, until } from './support/desk-page.js';
import { startProcess } from './support/process.js';

describeInChromium('the page during a drain', (browser) => {
  it(
    'asks first, shows its phases, says how to start again, and goes on with the next process',
    { tags: 'slow' },
    async () => {
      const first = startProcess();
      onTestFinished(() => void first.child.kill());
      const { port } = new URL(await first.listening());
      await using desk = await openDesk(browser(), Number(port));
      const { page } = desk;
      const steps: (string | null)[] = [];
      await page.exposeFunction('noteStep', (step: string) => steps.push(step));
      await page.evaluate(`
      new MutationObserver(() => noteStep(document.querySelector('#drain [aria-current]').textContent))
        .observe(document.getElementById('drain'), { subtree: true, attributeFilter: ['aria-current'] })`);

      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      expect(await page.evaluate('document.activeElement.id')).toBe('drain-open');

      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Drain and end' }).click();
      await until(() => page.locator('#drain').innerText()).toMatch(/\d calls? in flight, [\d.]+\sm?s of 10\.00\ss/);
      expect(await page.locator('#drain-open').isDisabled()).toBe(true);
      expect(await first.exited).toEqual([0, null]);
      await until(() => page.locator('#drain').innerText()).toContain(
        'The process has ended. Start it again:npm start',
      );
      expect(new Set(steps)).toEqual(new Set(['draining', 'closing', 'ended']));
      expect(await page.locator('#log').innerText()).toContain('The process is draining');

      const next = startProcess({ env: { PORT: port } });
      onTestFinished(() => void next.child.kill());
      await next.listening();
      await until(() => page.locator('#process').innerText()).toMatch(new RegExp(`^Process ${next.child.pid}`));
      expect(await page.locator('#drain [aria-current]').textContent()).toBe('open');
      expect(await page.locator('#drain-open').isDisabled()).toBe(false);
    },
  );
});
