import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.js';
import { type Grant, TokenSource } from './token-source.js';

/** A server that answers when it is told to. */
function start() {
  const clock = new ManualClock();
  const asked: { grant: (lifetimeMs?: number) => Promise<void>; fail: (pauseMs?: number) => Promise<void> }[] = [];
  const fetch = () =>
    new Promise<Grant>((resolve, reject) => {
      const token = `t${asked.length + 1}`;
      asked.push({
        grant: async (lifetimeMs = 3_600_000) => resolve({ token, lifetimeMs }),
        fail: async (pauseMs = 0) =>
          reject({ status: 400, reason: 'invalid_client', origin: 'https://idp.example', pauseMs }), // oxlint-disable-line prefer-promise-reject-errors
      });
    });
  const source = new TokenSource({ clock, fetch });
  return { clock, asked, source };
}

async function withToken(lifetimeMs?: number) {
  const started = start();
  const first = started.source.renewed();
  await started.asked[0]!.grant(lifetimeMs);
  expect(await first).toBe('t1');
  return started;
}

it('asks once for all who wait', async () => {
  const { source, asked } = start();
  const all = Array.from({ length: 50 }, () => source.renewed());
  expect(asked).toHaveLength(1);
  await asked[0]!.grant();
  expect(new Set(await Promise.all(all))).toEqual(new Set(['t1']));
  expect(source.current).toBe('t1');
  expect(asked).toHaveLength(1);
});

describe('a token', () => {
  it.each([
    [3_600_000, 3_540_000, 'a minute before it expires'],
    [100_000, 80_000, 'when a fifth of its life is left'],
  ])('of %i ms is renewed once after %i ms, %s, and used meanwhile', async (lifetimeMs, renewAt) => {
    const { source, asked, clock } = await withToken(lifetimeMs);
    clock.tick(renewAt - 1);
    expect(source.current).toBe('t1');
    expect(asked).toHaveLength(1);
    clock.tick(1);
    expect([source.current, source.current]).toEqual(['t1', 't1']);
    expect(asked).toHaveLength(2);
    await asked[1]!.grant();
    await expect.poll(() => source.current).toBe('t2');
  });

  it('is not used from its expiry on', async () => {
    const { source, clock } = await withToken(100_000);
    clock.tick(100_000);
    expect(source.current).toBeUndefined();
  });

  it('has lived since it was asked for', async () => {
    const { source, asked, clock } = start();
    const token = source.renewed();
    clock.tick(5_000);
    await asked[0]!.grant(10_000);
    await token;
    clock.tick(5_000);
    expect(source.current).toBeUndefined();
  });

  it('of no known lifetime is never renewed for its age', async () => {
    const { source, asked, clock } = await withToken(Infinity);
    clock.tick(1e12);
    expect(source.current).toBe('t1');
    expect(asked).toHaveLength(1);
  });

  it('is used until it expires where its renewal fails', async () => {
    const { source, asked, clock } = await withToken(100_000);
    clock.tick(80_000);
    expect(source.current).toBe('t1');
    await asked[1]!.fail();
    await expect.poll(() => source.current && asked.length).toBe(2);
    clock.tick(999);
    expect(source.current).toBe('t1');
    expect(asked).toHaveLength(2);
    clock.tick(1);
    expect(source.current).toBe('t1');
    expect(asked).toHaveLength(3);
  });
});

describe('after a renewal that failed', () => {
  it('no other is tried for a second, then two, four … thirty', async () => {
    const { source, asked, clock } = start();
    for (const [index, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      const refused = source.renewed();
      expect(asked).toHaveLength(index + 1);
      await asked[index]!.fail();
      const until = clock.now() + pauseMs;
      expect(await refused).toMatchObject({
        failure: { status: 400, reason: 'invalid_client' },
        until,
      });
      clock.tick(pauseMs - 1);
      expect(await source.renewed()).toMatchObject({ until });
      expect(asked).toHaveLength(index + 1);
      clock.tick(1);
    }
  });

  it.each([
    [20_000, 20_000, 'the server asks for it'],
    [500, 1_000, 'the server asks for less'],
    [86_400_000, 300_000, 'the server asks for a day'],
  ])('the pause after Retry-After: %i ms is %i ms: %s', async (askedMs, pauseMs) => {
    const { source, asked, clock } = start();
    const refused = source.renewed();
    await asked[0]!.fail(askedMs);
    expect(await refused).toMatchObject({ until: clock.now() + pauseMs });
    clock.tick(pauseMs - 1);
    void source.renewed();
    expect(asked).toHaveLength(1);
    clock.tick(1);
    void source.renewed();
    expect(asked).toHaveLength(2);
  });

  it('the next that succeeds makes the pauses short again', async () => {
    const { source, asked, clock } = start();
    const refused = source.renewed();
    await asked[0]!.fail();
    await refused;
    clock.tick(1_000);
    const granted = source.renewed();
    await asked[1]!.grant(1_000);
    await granted;
    clock.tick(1_000);
    const again = source.renewed();
    await asked[2]!.fail();
    expect(await again).toMatchObject({ until: clock.now() + 1_000 });
  });
});

describe('a token that an upstream has refused', () => {
  it('is forgotten, once: who comes with it later gets the next', async () => {
    const { source, asked } = await withToken();
    expect(source.refuse('t1')).toBe(true);
    expect(source.current).toBeUndefined();
    const next = source.renewed();
    await asked[1]!.grant();
    expect(await next).toBe('t2');
    expect(source.refuse('t1')).toBe(true);
    expect(source.current).toBe('t2');
  });

  it('and was new then, is believed for half a minute: it is not the token', async () => {
    const { source, clock } = await withToken();
    source.trust('t1');
    clock.tick(29_999);
    expect(source.refuse('t1')).toBe(false);
    expect(source.current).toBe('t1');
    clock.tick(1);
    expect(source.refuse('t1')).toBe(true);
  });
});
