import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type HttpClientTestingOptions, ManualClock } from '../../src/testing/index.js';
import { failureOf } from '../support/failure-of.js';
import { startTestApp } from '../support/testing-app.js';

/** All that vitest can fake here. What jest does besides, `process.nextTick`, is in `scripts/runners`. */
function useFakeTimers(): void {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'queueMicrotask',
      'Date',
      'performance',
    ],
  });
  onTestFinished(() => void vi.useRealTimers());
}

describe.each<[string, () => { testing: HttpClientTestingOptions; pass: (ms: number) => Promise<unknown> }]>([
  [
    'on a manual clock',
    () => {
      const clock = new ManualClock();
      return { testing: { clock }, pass: (ms) => clock.advance(ms) };
    },
  ],
  ["on the system's clock, which they move", () => ({ testing: {}, pass: (ms) => vi.advanceTimersByTimeAsync(ms) })],
])('while a runner fakes timers, %s', (_which, prepare) => {
  it('requests are answered', async () => {
    useFakeTimers();
    const { client, controller } = await startTestApp({}, prepare().testing);
    controller.match('/users').reply(200, 'whole');
    controller.match('/parts').stream(['in ', 'parts']);
    controller.match('/reset').error('ECONNRESET');
    expect((await client.post('/users', 'x'.repeat(100_000))).data).toBe('whole');
    expect((await client.get('/parts')).data).toBe('in parts');
    expect(await failureOf(client.get('/reset'))).toMatchObject({ code: 'ECONNRESET' });
    controller.verify();
  });

  it('time passes when the test says so', async () => {
    useFakeTimers();
    const { testing, pass } = prepare();
    const { client, controller } = await startTestApp({ resilience: { deadlineMs: 1_000 } }, testing);
    controller.match('/slow').delay(500).reply(200, 'late');
    const slow = client.get('/slow');
    await pass(500);
    expect((await slow).data).toBe('late');

    controller.match('/never').hang();
    const never = failureOf(client.get('/never'));
    await pass(1_000);
    expect(await never).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
  });
});
