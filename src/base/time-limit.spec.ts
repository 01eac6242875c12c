import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { timeLimit } from './time-limit.js';

describe('timeLimit', () => {
  let clock: ManualClock;
  let over: number[];
  const limit = () => timeLimit(clock, 100, (delayMs) => over.push(delayMs));

  beforeEach(() => {
    clock = new ManualClock();
    over = [];
  });

  it('is over when its time is', () => {
    limit();
    clock.tick(99);
    expect(over).toEqual([]);
    clock.tick(1);
    expect(over).toEqual([0]);
  });

  it('has sockets read first where the event loop was blocked, and then says for how long', async () => {
    limit();
    clock.block(400);
    expect(over).toEqual([]);
    await setImmediate();
    expect(over).toEqual([300]);
  });

  it('is not over where what it limits comes with that', async () => {
    const end = limit();
    clock.block(400);
    end();
    await setImmediate();
    expect(over).toEqual([]);
  });

  it('leaves no timer when it is ended', () => {
    limit()();
    expect(clock.pending).toBe(0);
  });
});
