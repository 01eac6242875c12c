import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { Cancellation } from './cancellation.js';

describe('Cancellation', () => {
  it('tells every listener the first reason, and only that', () => {
    const cancellation = new Cancellation();
    const heard: unknown[] = [];
    cancellation.subscribe((reason) => heard.push(reason));
    cancellation.cancel(new Error('first'));
    cancellation.cancel(new Error('second'));
    expect(heard).toEqual([new Error('first')]);
    expect(() => cancellation.throwIfRequested()).toThrow('first');
  });

  it('tells a late listener at once', () => {
    const cancellation = new Cancellation();
    const reason = new Error('gone');
    cancellation.cancel(reason);
    const heard: unknown[] = [];
    cancellation.subscribe((late) => heard.push(late));
    expect(heard).toEqual([reason]);
  });

  it('does not tell a listener that has unsubscribed', () => {
    const source = axios.CancelToken.source();
    const cancellation = new Cancellation(source.token);
    const heard: unknown[] = [];
    const listener = (reason: unknown) => heard.push(reason);
    cancellation.subscribe(listener);
    cancellation.unsubscribe(listener);
    cancellation.cancel(new Error('gone'));
    source.cancel('gone');
    expect(heard).toEqual([]);
  });

  it("follows the caller's own token", async () => {
    const source = axios.CancelToken.source();
    const cancellation = new Cancellation(source.token);
    const promised = cancellation.promise;
    const signal = cancellation.toAbortSignal();
    source.cancel('enough');
    expect(cancellation.reason).toMatchObject({ message: 'enough' });
    expect(await promised).toMatchObject({ message: 'enough' });
    expect(signal.aborted).toBe(true);
    expect(() => cancellation.throwIfRequested()).toThrow('enough');
  });
});
