import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Long enough for a circuit breaker, which stays open for 5 s, and for a browser that comes back to a stream. */
const UNTIL_MS = 15_000;

/** Looks until what is expected is so. */
export const until = (look: () => unknown): ReturnType<typeof expect.poll> => expect.poll(look, { timeout: UNTIL_MS });

/** The page of the desk, as a person has it before them. */
export interface DeskPage extends AsyncDisposable {
  readonly page: Page;
  /** What the console has complained of, as errors of scripts and breaches of the content security policy. */
  readonly problems: readonly string[];
  /** Forgets them, where they were to be expected. */
  forgive(): void;
  airline(code: string): Locator;
  /** Presses a button of an airline. */
  press(code: string, button: 'Break' | 'Slow' | 'Restore'): Promise<void>;
  breaker(code: string): Promise<string | null>;
  /** Searches for a date that was not searched for last, and waits until the search is over. */
  search(date?: string): Promise<void>;
  /** Waits until the page is told of changes. */
  live(): Promise<void>;
}

const VIEWPORT = { width: 1_280, height: 900 };

/** Pages that no test has at the moment: a new one takes seconds of a processor, as it starts a process. */
const idlePages = new WeakMap<Browser, Page[]>();

async function takePage(browser: Browser): Promise<Page> {
  return idlePages.get(browser)?.pop() ?? (await browser.newContext({ viewport: VIEWPORT })).newPage();
}

/** Makes a page as good as new for the next test: it keeps nothing but its process and its cache. */
async function giveBack(browser: Browser, page: Page): Promise<void> {
  page.removeAllListeners();
  await page.unrouteAll();
  await page.context().setOffline(false);
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(VIEWPORT);
  await page.evaluate('localStorage.clear()');
  await page.goto('about:blank');
  idlePages.set(browser, [...(idlePages.get(browser) ?? []), page]);
}

/**
 * Opens the desk.
 * @param options of a context of its own; left out: a page that another test may have had
 */
export async function openDesk(browser: Browser, port: number, options?: BrowserContextOptions): Promise<DeskPage> {
  const page = options
    ? await (await browser.newContext({ viewport: VIEWPORT, ...options })).newPage()
    : await takePage(browser);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/`);
  const airline = (code: string) => page.locator(`#airlines > [data-key="${code}"]`);
  const live = async () => {
    await page.locator('#live[data-state="live"]').waitFor();
  };
  if (options?.javaScriptEnabled !== false) await live();
  return {
    page,
    problems,
    forgive: () => void problems.splice(0),
    airline,
    live,
    press: (code, button) => airline(code).getByRole('button', { name: button }).click(),
    breaker: (code) => airline(code).locator('.breaker b').textContent(),
    async search(date = '2026-03-01') {
      await page.locator('#search [name="date"]').fill(date);
      await page.getByRole('button', { name: 'Search' }).click();
      await until(() => page.locator('#search-news').textContent()).toMatch(new RegExp(`^${date}: \\d of 8 answered`));
    },
    [Symbol.asyncDispose]: () => (options ? page.context().close() : giveBack(browser, page)),
  };
}
