import { describe, expect, it } from 'vitest';
import { AppProcess } from './support/app-process.js';
import { startHoldingUpstream } from './support/holding-upstream.js';
import { startUpstream } from './support/upstream.js';

const INBOUND = 200;
/** Longer than any machine takes for what is under way. */
const DRAIN_MS = '60000';
const ways = [
  ['SIGTERM', (app: AppProcess) => app.kill('SIGTERM'), {}],
  ['app.close()', (app: AppProcess) => app.tell('close'), { tags: 'slow' }],
] as const;

const shutsDown = (platform: string) => () => {
  describe.each(ways)('stopped by %s', (way, stop, options) => {
    it(
      `answers ${INBOUND} requests in flight that each have an upstream call to finish and another to make`,
      options,
      async () => {
        await using holding = await startHoldingUpstream(INBOUND);
        const UPSTREAM = holding.upstream.url;
        await using app = await AppProcess.start('shutdown-app', { PLATFORM: platform, UPSTREAM, DRAIN_MS });

        const answers = Array.from({ length: INBOUND }, () => app.get('/two-calls'));
        await holding.allHeld;
        stop(app);
        await app.says('draining');
        holding.release();

        expect(await Promise.all(answers)).toEqual(
          Array.from({ length: INBOUND }, () => ({ status: 200, body: 'both answered' })),
        );
        const { code, signal, output } = await app.exit();
        expect(way === 'SIGTERM' ? signal : code).toBe(way === 'SIGTERM' ? 'SIGTERM' : 0);
        expect(output).toMatch(/open → draining; calls in flight: 200,/);
        expect(output).toMatch(
          /draining → closed in \d+ ms; calls finished: 400 \(200 admitted while draining\), aborted: 0/,
        );
      },
    );

    it('answers a request that is between its upstream calls when the drain starts', options, async () => {
      await using upstream = await startUpstream();
      await using app = await AppProcess.start('shutdown-app', {
        PLATFORM: platform,
        UPSTREAM: upstream.url,
        DRAIN_MS,
      });

      const answer = app.get('/pause');
      await app.says('between calls');
      stop(app);
      await app.says('drained');
      app.tell('resume');

      expect(await answer).toEqual({ status: 200, body: 'both answered' });
      await app.exit();
    });

    it('is gone after the drain deadline when an upstream hangs, and tells the caller', options, async () => {
      await using upstream = await startUpstream(() => {});
      const env = { PLATFORM: platform, UPSTREAM: upstream.url, DRAIN_MS: '500' };
      await using app = await AppProcess.start('shutdown-app', env);

      const arrived = new Promise((resolve) => upstream.server.once('request', resolve));
      const answer = app.get('/one-call');
      await arrived;
      stop(app);

      expect(await answer).toEqual({ status: 200, body: 'ClientClosedError' });
      const { output } = await app.exit();
      expect(output).toMatch(/calls finished: 0 \(0 admitted while draining\), aborted: 1; sockets closed: 1/);
      expect(Number(/closed in (\d+) ms/.exec(output)![1])).toBeLessThan(10_000); // the deadline where none is set
    });
  });

  it('leaves no socket and no timer after app.close(), and the process ends by itself', async () => {
    await using upstream = await startUpstream();
    await using app = await AppProcess.start('shutdown-app', { PLATFORM: platform, UPSTREAM: upstream.url });

    expect(await app.get('/two-calls')).toMatchObject({ status: 200 });
    app.tell('close');

    const { resources } = await app.message(
      (message): message is { resources: string[] } =>
        typeof message === 'object' && message !== null && 'resources' in message,
    );
    expect(resources.filter((resource) => /TCP|TLS|Timeout|Immediate/.test(resource))).toEqual([]);
    expect(await app.exit()).toMatchObject({ code: 0, signal: null });
    expect(upstream.open).toBe(0);
  });
};

describe('on express', shutsDown('express'));
describe('on fastify', { tags: 'slow' }, shutsDown('fastify'));
