import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from './cancellation.js';

describe('onAbort', () => {
  it('listens to a signal once, however many ask, and tells each', () => {
    const controller = new AbortController();
    const { signal } = controller;
    let told = 0;
    for (let i = 0; i < 200; i++) onAbort(signal, () => told++);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect(told).toBe(200);
  });

  it('leaves nothing on the signal once nobody asks any more', () => {
    const { signal } = new AbortController();
    const same = () => {};
    const [first, second] = [onAbort(signal, same), onAbort(signal, same)];
    first();
    first();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    second();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const third = onAbort(signal, same);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    third();
  });

  it('tells nobody who has stopped it', () => {
    const controller = new AbortController();
    const told: string[] = [];
    onAbort(controller.signal, () => told.push('stays'));
    onAbort(controller.signal, () => told.push('leaves'))();
    controller.abort();
    expect(told).toEqual(['stays']);
  });

  it('tells nobody whom one that was told before has stopped', () => {
    const controller = new AbortController();
    const told: string[] = [];
    onAbort(controller.signal, () => {
      told.push('stops the other');
      stop();
    });
    const stop = onAbort(controller.signal, () => told.push('is stopped'));
    controller.abort();
    expect(told).toEqual(['stops the other']);
  });

  it('bears a signal that cannot be listened to', () => {
    expect(() => onAbort({ aborted: false }, () => {})()).not.toThrow();
  });
});
