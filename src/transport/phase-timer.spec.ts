import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Phase, type PhaseLimits, PhaseTimer } from './phase-timer.js';

describe('PhaseTimer', () => {
  const limits = { connect: 100, response: 1_000, bodyIdle: false, readerIdle: false } as const;
  let clock: ManualClock;
  let expired: Phase[];
  let timer: PhaseTimer;

  beforeEach(() => {
    clock = new ManualClock();
    expired = [];
    timer = new PhaseTimer(clock, limits, { phaseExpired: (phase) => void expired.push(phase) });
  });

  it('says which phase lasted too long', () => {
    timer.enter('connect');
    clock.tick(99);
    expect(expired).toEqual([]);
    clock.tick(1);
    expect(expired).toEqual(['connect']);
  });

  it('counts each phase from its own beginning', () => {
    timer.enter('connect');
    clock.tick(90);
    timer.enter('response');
    clock.tick(999);
    expect(expired).toEqual([]);
    clock.tick(1);
    expect(expired).toEqual(['response']);
  });

  it('notices the end of a phase that is shorter than the one before', () => {
    timer.enter('response');
    timer.enter('connect');
    clock.tick(100);
    expect(expired).toEqual(['connect']);
  });

  it('begins anew with each progress that it is told of', () => {
    for (let part = 0; part < 5; part++) {
      timer.enter('connect');
      clock.tick(75);
    }
    expect(expired).toEqual([]);
  });

  it('sees progress that nobody tells it of', () => {
    let bytes = 0;
    timer.enter('response', () => bytes);
    for (let part = 0; part < 10; part++) {
      clock.tick(500);
      bytes++;
    }
    expect(expired).toEqual([]);
    clock.tick(1_500);
    expect(expired).toEqual(['response']);
  });

  it('waits for ever in a phase without a limit', () => {
    timer.enter('connect');
    timer.enter('bodyIdle');
    clock.tick(1_000_000);
    expect(expired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind when stopped, and sets none afterwards', () => {
    timer.enter('connect');
    timer.stop();
    timer.enter('connect');
    expect(clock.pending).toBe(0);
  });

  describe('while a body is read', () => {
    const own = { connect: 100, response: 100, bodyIdle: 100, readerIdle: 1_000 } as const;
    let bytes: number;
    const start = (given: PhaseLimits) => {
      bytes = 1;
      timer = new PhaseTimer(clock, given, { phaseExpired: (phase) => void expired.push(phase) });
      timer.enter('bodyIdle', () => bytes);
    };
    const tick = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 25) clock.tick(25);
    };

    it('gives its reader a time of its own, and counts the upstream’s anew after it', () => {
      start(own);
      bytes = -1;
      tick(900);
      expect(expired).toEqual([]);
      bytes = 2;
      tick(75);
      expect(expired).toEqual([]);
      tick(100);
      expect(expired).toEqual(['bodyIdle']);
    });

    it('ends with the reader’s time, counted from what was read last', () => {
      start(own);
      bytes = -1;
      tick(900);
      bytes = -2;
      tick(900);
      expect(expired).toEqual([]);
      tick(150);
      expect(expired).toEqual(['readerIdle']);
    });

    it.each([
      ['readerIdle', { ...own, bodyIdle: false }],
      ['bodyIdle', { ...own, readerIdle: false }],
    ] as const)('looks on where only %s is limited', (phase, given) => {
      start(given);
      if (phase === 'bodyIdle') bytes = -1;
      tick(5_000);
      expect(expired).toEqual([]);
      bytes = phase === 'bodyIdle' ? 2 : -2;
      tick(2_000);
      expect(expired[0]).toBe(phase);
    });

    it('sets no timer where neither is', () => {
      start({ ...own, bodyIdle: false, readerIdle: false });
      expect(clock.pending).toBe(0);
    });
  });

  describe('whose timer fires late, because the event loop was blocked', () => {
    let delays: number[];

    beforeEach(() => {
      delays = [];
      timer = new PhaseTimer(clock, limits, { phaseExpired: (_, delayMs) => void delays.push(delayMs) });
    });

    it('has sockets read first, and then says how late', async () => {
      timer.enter('connect');
      clock.block(400);
      expect(delays).toEqual([]);
      await setImmediate();
      expect(delays).toEqual([300]);
    });

    it('goes on where that brings the exchange to its next phase', async () => {
      timer.enter('connect');
      clock.block(400);
      timer.enter('response');
      await setImmediate();
      expect(delays).toEqual([]);
      clock.tick(1_000);
      expect(delays).toEqual([0]);
    });

    it('goes on where that brings progress', async () => {
      let bytes = 0;
      timer.enter('response', () => bytes);
      clock.block(2_000);
      bytes++;
      await setImmediate();
      expect(delays).toEqual([]);
      expect(clock.pending).toBe(1);
      clock.tick(1_000);
      expect(delays).toEqual([0]);
    });

    it('looks no more when stopped', async () => {
      timer.enter('connect');
      clock.block(400);
      timer.stop();
      await setImmediate();
      expect(delays).toEqual([]);
    });
  });

  it('has one timer, however many phases there are', () => {
    timer.enter('connect');
    timer.enter('connect');
    timer.enter('response');
    expect(clock.pending).toBe(1);
  });
});
