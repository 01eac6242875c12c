import { describe, expect, it } from 'vitest';
import { InFlight } from './in-flight.js';

const nothing = () => {};

/** Whether a promise has resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => false)]);
}

describe('InFlight', () => {
  it('counts a call from its admission to its release, however often it is released', () => {
    const inFlight = new InFlight();
    const lease = inFlight.admit(nothing)!;
    inFlight.admit(nothing);
    expect(inFlight.size).toBe(2);
    lease.release();
    lease.release();
    expect(inFlight.size).toBe(1);
  });

  it('admits calls while draining, and refuses them once closed', () => {
    const inFlight = new InFlight();
    inFlight.startDraining();
    expect(inFlight.admit(nothing)).toBeDefined();
    inFlight.close();
    expect(inFlight.admit(nothing)).toBeUndefined();
  });

  it('never goes back: a closed one does not drain', () => {
    const inFlight = new InFlight();
    inFlight.close();
    inFlight.startDraining();
    expect(inFlight.state).toBe('closed');
  });

  it('waits in the drain for the calls from before it, not for those that came later', async () => {
    const inFlight = new InFlight();
    const early = inFlight.admit(nothing)!;
    inFlight.startDraining();
    inFlight.admit(nothing);
    const drained = inFlight.whenEarlyEnded();
    const empty = inFlight.whenEmpty();
    expect(await isResolved(drained)).toBe(false);
    early.release();
    await drained;
    expect(await isResolved(empty)).toBe(false);
  });

  it('has nothing to wait for when no call is in flight', async () => {
    const inFlight = new InFlight();
    inFlight.startDraining();
    await inFlight.whenEarlyEnded();
    await inFlight.whenEmpty();
  });

  it('aborts each call once, and not one that has ended', () => {
    const inFlight = new InFlight();
    const aborted: string[] = [];
    inFlight.admit(() => aborted.push('ended'))!.release();
    inFlight.admit(() => aborted.push('left'));
    inFlight.abortAll();
    inFlight.abortAll();
    expect(aborted).toEqual(['left']);
  });

  it('tallies finished, admitted and aborted calls from the start of the drain', () => {
    const inFlight = new InFlight();
    inFlight.admit(nothing)!.release(); // before the drain: not part of it
    const finishing = inFlight.admit(nothing)!;
    inFlight.startDraining();
    const late = inFlight.admit(() => late.release())!; // releases itself while it is being aborted
    finishing.release();
    inFlight.abortAll();
    expect(inFlight.tally).toEqual({ finished: 1, admittedWhileDraining: 1, aborted: 1 });
    expect(inFlight.size).toBe(0);
  });
});
