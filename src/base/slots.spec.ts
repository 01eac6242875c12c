import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Slots, totalThatLeaves } from './slots.js';

describe('Slots', () => {
  let slots: Slots;
  let served: string[];
  const queue = (key: string, name: string) => slots.queue(key, () => served.push(name));

  beforeEach(() => {
    slots = new Slots({ maxPerKey: 2, maxTotal: 3, maxQueued: 2 });
    served = [];
  });

  it('bounds the slots of one key', () => {
    expect([slots.take('a'), slots.take('a'), slots.take('a')]).toEqual([true, true, false]);
    expect(slots.isFull('a')).toBe(true);
    expect(slots.take('b')).toBe(true);
  });

  it('bounds the slots of all keys together', () => {
    for (const key of ['a', 'a', 'b']) slots.take(key);
    expect(slots.take('c')).toBe(false);
    expect(slots.isFull('c')).toBe(false);
    slots.release('b');
    expect(slots.take('c')).toBe(true);
  });

  it('serves nobody while a limit that has shrunk is exceeded, and as many as it has room for when it has grown', () => {
    let max = 3;
    slots = new Slots({ maxPerKey: () => max, maxTotal: Infinity, maxQueued: 5 });
    for (let n = 0; n < 3; n++) slots.take('a');
    for (const name of ['first', 'second', 'third']) queue('a', name);
    max = 1;
    slots.release('a');
    slots.release('a');
    expect([served, slots.taken('a'), slots.isFull('a')]).toEqual([[], 1, true]);
    slots.release('a');
    expect(served).toEqual(['first']);
    max = 3;
    slots.admit('a');
    slots.admit('b');
    expect([served, slots.taken('a')]).toEqual([['first', 'second', 'third'], 3]);
  });

  describe('of keys whose slots share sockets', () => {
    const sharing = { perSocket: vi.fn(() => 1), socketsInUse: vi.fn(() => 0) };

    beforeEach(() => {
      sharing.perSocket.mockReset().mockReturnValue(1);
      sharing.socketsInUse.mockReset().mockReturnValue(0);
      slots = new Slots({ maxPerKey: 2, maxTotal: 3, maxQueued: 20 });
      slots.take('a');
      slots.shareWith(sharing);
    });

    it('counts sockets, and serves all who wait once more share one', () => {
      slots.take('a');
      for (let n = 0; n < 9; n++) queue('a', `a${n}`);
      expect(slots.take('a')).toBe(false);
      sharing.perSocket.mockImplementation((key?: string) => (key === 'a' ? 5 : 1));
      slots.sharingChanged('a');
      expect(served).toHaveLength(8);
      expect([slots.taken('a'), slots.isFull('a')]).toEqual([10, true]);
      expect(slots.take('b')).toBe(true); // ten slots of a take two sockets of three
      expect(slots.take('c')).toBe(false);
    });

    it('counts those that are in use, though their slots would fit into fewer', () => {
      sharing.perSocket.mockImplementation((key?: string) => (key === 'a' ? 10 : 1));
      sharing.socketsInUse.mockImplementation((key?: string) => (key === 'a' ? 3 : 0));
      slots.sharingChanged('a');
      expect(slots.take('b')).toBe(false);
      expect(slots.take('a')).toBe(true); // on a socket that is there
      queue('b', 'b');
      sharing.socketsInUse.mockReturnValue(1);
      slots.sharingChanged('a');
      expect(served).toEqual(['b']);
    });

    it('has nothing taken once all is given back', () => {
      sharing.perSocket.mockReturnValue(4);
      slots.sharingChanged('a');
      for (let n = 0; n < 7; n++) slots.take('a');
      for (let n = 0; n < 8; n++) slots.release('a');
      sharing.perSocket.mockReturnValue(1);
      expect(['a', 'b', 'c', 'd'].map((key) => slots.take(key))).toEqual([true, true, true, false]);
    });
  });

  it('serves those who wait in their order', () => {
    slots.take('a');
    slots.take('a');
    queue('a', 'first');
    queue('a', 'second');
    slots.release('a');
    expect(served).toEqual(['first']);
    slots.release('a');
    expect(served).toEqual(['first', 'second']);
  });

  it('lets nobody take a slot past those who wait', () => {
    slots = new Slots({ maxPerKey: 2, maxTotal: 2, maxQueued: 2 });
    slots.take('a');
    slots.take('b');
    queue('a', 'a');
    queue('c', 'c');
    slots.release('b');
    expect(served).toEqual(['c']); // the first slot of one key comes before the second of another
    slots.release('a');
    expect(served).toEqual(['c', 'a']);
  });

  it('gives keys their turns, so that a busy one does not starve the others', () => {
    slots = new Slots({ maxPerKey: 1, maxTotal: 1, maxQueued: 5 });
    slots.take('busy');
    for (const name of ['busy 1', 'busy 2', 'busy 3']) queue('busy', name);
    queue('other', 'other');
    slots.release('busy');
    slots.release('busy');
    expect(served).toEqual(['other', 'busy 1']);
  });

  it('passes over a key that has all it may', () => {
    for (const key of ['a', 'a', 'b']) slots.take(key);
    queue('a', 'a');
    queue('c', 'c');
    slots.release('b');
    expect(served).toEqual(['c']);
  });

  describe('of which there are ten or more in all', () => {
    beforeEach(() => {
      slots = new Slots({ maxPerKey: 20, maxTotal: 20, maxQueued: 100 });
      for (let n = 0; n < 18; n++) expect(slots.take(`hog ${n % 2}`)).toBe(true);
    });

    it('leaves every tenth to keys that have none', () => {
      expect([slots.take('hog 0'), slots.take('late'), slots.take('late'), slots.take('later')]).toEqual([
        false,
        true,
        false,
        true,
      ]);
      expect(slots.take('too late')).toBe(false);
    });

    it('gives one that becomes free to a key without any, however long others have waited', () => {
      for (let n = 0; n < 50; n++) queue(`hog ${n % 2}`, 'hog');
      for (const key of ['late', 'later']) slots.take(key);
      queue('too late', 'too late');
      slots.release('hog 1');
      slots.release('hog 1');
      expect(served).toEqual(['too late']);
      slots.release('too late');
      slots.release('late');
      expect(served).toEqual(['too late', 'hog']);
    });
  });

  it('gives a key that has given its last one back the next that is free, however many of another wait before it', () => {
    slots = new Slots({ maxPerKey: 20, maxTotal: 20, maxQueued: 5 });
    slots.take('quick');
    for (let n = 0; n < 17; n++) slots.take('hog');
    queue('hog', 'hog');
    queue('quick', 'quick');
    slots.release('quick');
    expect(served).toEqual(['quick']);
  });

  it('has a total of which one key gets all that it may', () => {
    for (const max of [1, 9, 10, 99, 1_000]) {
      slots = new Slots({ maxPerKey: max, maxTotal: totalThatLeaves(max), maxQueued: 0 });
      expect(Array.from({ length: max }, () => slots.take('a')).every(Boolean)).toBe(true);
    }
  });

  it('tells how many keys wait for their first, up to one of them', () => {
    for (const key of ['a', 'a', 'b']) slots.take(key);
    for (const key of ['c', 'b', 'd']) queue(key, key);
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => slots.waitingForFirst(key))).toEqual([0, 0, 1, 2, 0]);
  });

  describe('of which one is offered', () => {
    const release = (key: string) => () => {
      slots.release(key);
      return true;
    };

    beforeEach(() => {
      for (const key of ['a', 'a', 'b']) slots.take(key);
    });

    it('has it given back to who takes one, once', () => {
      slots.offer('a', release('a'));
      expect([slots.take('a'), slots.take('a')]).toEqual([true, false]);
    });

    it('has it given back to who waits already', () => {
      queue('a', 'waiting');
      slots.offer('a', release('a'));
      expect(served).toEqual(['waiting']);
    });

    it('keeps it where that would help nobody who waits', () => {
      queue('a', 'waiting');
      const kept = vi.fn(() => true);
      slots.release('b');
      slots.take('b');
      slots.offer('b', kept);
      expect(slots.take('a')).toBe(false);
      expect(kept).not.toHaveBeenCalled();
      slots.offer('b', release('b'));
      slots.take('c');
      expect(kept).toHaveBeenCalledOnce();
    });

    it('passes over who needs it after all, and offers that are withdrawn', () => {
      const withdraw = slots.offer('a', release('a'));
      withdraw();
      slots.offer('a', () => false);
      expect(slots.take('a')).toBe(false);
      slots.offer('a', release('a'));
      expect(slots.take('a')).toBe(true);
    });
  });

  it('bounds the queue of each key', () => {
    slots.take('a');
    slots.take('a');
    expect([queue('a', '1'), queue('a', '2')].every(Boolean)).toBe(true);
    expect(queue('a', '3')).toBeUndefined();
    expect(slots.queued('a')).toBe(2);
  });

  it('lets nobody wait where nobody may', () => {
    slots = new Slots({ maxPerKey: 1, maxTotal: 1, maxQueued: 0 });
    slots.take('a');
    expect(queue('a', '1')).toBeUndefined();
  });

  it('forgets who has given up', () => {
    slots.take('a');
    slots.take('a');
    const giveUp = queue('a', 'first')!;
    queue('a', 'second');
    giveUp();
    giveUp();
    slots.release('a');
    expect(served).toEqual(['second']);
    expect([...slots.queuedKeys]).toEqual([]);
  });

  it('never exceeds a limit, loses a slot or leaves one unused that somebody waits for', () => {
    const limits = { maxPerKey: 9, maxTotal: 10, maxQueued: 3 };
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      action: fc.constantFrom('take', 'end', 'give up'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const all = new Slots(limits);
        const held: string[] = [];
        const waiting = new Map<() => void, string>();
        for (const { key, action } of steps) {
          if (action === 'take') {
            if (all.take(key)) held.push(key);
            else {
              const giveUp = all.queue(key, () => {
                waiting.delete(giveUp!);
                held.push(key);
              });
              if (giveUp) waiting.set(giveUp, key);
            }
          } else if (action === 'end') {
            const index = held.indexOf(key);
            if (index !== -1) {
              held.splice(index, 1);
              all.release(key);
            }
          } else {
            const found = [...waiting].find(([, of]) => of === key);
            if (found) {
              waiting.delete(found[0]);
              found[0]();
            }
          }
          const heldBy = (of: string) => held.filter((other) => other === of).length;
          expect(held.length).toBeLessThanOrEqual(limits.maxTotal);
          for (const of of ['a', 'b', 'c']) expect(heldBy(of)).toBeLessThanOrEqual(limits.maxPerKey);
          for (const of of waiting.values()) {
            const reserved = heldBy(of) === 0 ? 0 : 1;
            expect(held.length >= limits.maxTotal - reserved || heldBy(of) === limits.maxPerKey).toBe(true);
          }
        }
      }),
    );
  });
});
