import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Alarm, Alarms } from './alarms.js';

describe('Alarms', () => {
  let clock: ManualClock;
  let alarms: Alarms;
  let rung: string[];

  beforeEach(() => {
    clock = new ManualClock();
    alarms = Alarms.of(clock);
    rung = [];
  });

  function alarm(name: string, ring = () => {}): Alarm {
    const rings = () => {
      rung.push(`${name} at ${clock.now()}`);
      ring();
    };
    return { dueAt: Infinity, previous: undefined, next: undefined, ring: rings };
  }

  function set(name: string, dueAt: number, ring?: () => void): Alarm {
    const made = alarm(name, ring);
    alarms.set(made, dueAt, clock.now());
    return made;
  }

  it('rings each at its time', () => {
    set('late', 30);
    set('early', 10);
    set('between', 20);
    clock.tick(25);
    expect(rung).toEqual(['early at 10', 'between at 20']);
    clock.tick(25);
    expect(rung.at(-1)).toBe('late at 30');
  });

  it('are the same for one clock, and sets one timer for all', () => {
    expect(Alarms.of(clock)).toBe(alarms);
    for (let i = 1; i <= 100; i++) set(String(i), i);
    expect(clock.pending).toBe(1);
  });

  it('rings those that are due at once in their order, and those of the same time as they were set', () => {
    for (const [name, dueAt] of [['c', 30], ['a', 10], ['b1', 20], ['b2', 20]] as const) set(name, dueAt); // prettier-ignore
    clock.block(100);
    expect(rung).toEqual(['a at 100', 'b1 at 100', 'b2 at 100', 'c at 100']);
  });

  it('rings none that was taken back, and clears the timer with the last', () => {
    const [first, second] = [set('first', 10), set('second', 20)];
    alarms.clear(first);
    clock.tick(15);
    alarms.clear(second);
    alarms.clear(second);
    expect(clock.pending).toBe(0);
    clock.tick(100);
    expect(rung).toEqual([]);
  });

  it('rings none that another takes back, or moves, when both are due', () => {
    const victims: Alarm[] = [];
    set('killer', 10, () => {
      alarms.clear(victims[0]!);
      alarms.set(victims[1]!, 200, clock.now());
    });
    victims.push(set('taken back', 20), set('moved', 20));
    clock.block(100);
    expect(rung).toEqual(['killer at 100']);
    clock.tick(100);
    expect(rung.at(-1)).toBe('moved at 200');
  });

  it('moves an alarm to another time', () => {
    const moved = set('moved', 10);
    alarms.set(moved, 50, clock.now());
    clock.tick(40);
    expect(rung).toEqual([]);
    alarms.set(moved, 45, clock.now());
    clock.tick(5);
    expect(rung).toEqual(['moved at 45']);
  });

  it('can be set again when it rings', () => {
    const again = set('again', 10, () => {
      if (rung.length < 3) alarms.set(again, clock.now() + 10, clock.now());
    });
    clock.tick(100);
    expect(rung).toEqual(['again at 10', 'again at 20', 'again at 30']);
    expect(clock.pending).toBe(0);
  });

  it('rings the others where one throws', () => {
    set('first', 10, () => {
      throw new Error('bug');
    });
    set('second', 10);
    expect(() => clock.tick(10)).toThrow('bug');
    expect(rung).toEqual(['first at 10', 'second at 10']);
  });

  it.each([Infinity, NaN])('never rings at %s', (dueAt) => {
    const never = set('never', dueAt);
    expect(clock.pending).toBe(0);
    alarms.set(never, 10, clock.now());
    alarms.set(never, dueAt, clock.now());
    clock.tick(1_000);
    expect(rung).toEqual([]);
  });

  it('sets no other timer for an alarm that is due sooner, unless that is soon', () => {
    const timers = vi.spyOn(clock, 'setTimeout');
    set('attempt', 30_000);
    set('response', 10_000);
    expect(timers).toHaveBeenCalledOnce();
    set('short', 50);
    expect(timers).toHaveBeenCalledTimes(2);
    clock.tick(40_000);
    expect(rung).toEqual(['short at 50', 'response at 10000', 'attempt at 30000']);
  });

  it('finds a timer that was lost, as with fake timers that are gone, when the next alarm is set', () => {
    const lost = vi.spyOn(clock, 'setTimeout').mockReturnValueOnce('lost');
    set('overdue', 10);
    expect(lost).toHaveBeenCalledOnce();
    clock.tick(5_000);
    set('later', 9_000);
    clock.tick(0);
    expect(rung).toEqual(['overdue at 5000']);
  });
});
