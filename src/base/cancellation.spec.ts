import axios, { type CancelToken } from 'axios';
import { describe, expect, it } from 'vitest';
import { Cancellation } from './cancellation.js';

function followed(token: CancelToken): Cancellation {
  const cancellation = new Cancellation();
  cancellation.followToken(token);
  return cancellation;
}

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
    const cancellation = followed(source.token);
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
    const cancellation = followed(source.token);
    const promised = cancellation.promise;
    const signal = cancellation.toAbortSignal();
    source.cancel('enough');
    expect(await promised).toMatchObject({ message: 'enough' });
    expect(cancellation.reason).toMatchObject({ message: 'enough' });
    expect(signal.aborted).toBe(true);
    expect(() => cancellation.throwIfRequested()).toThrow('enough');
  });

  it('tells the others where a listener throws, and its canceller nothing', () => {
    const cancellation = new Cancellation();
    const heard: unknown[] = [];
    cancellation.subscribe(() => {
      throw new Error('a layer has a bug');
    });
    cancellation.subscribe((reason) => heard.push(reason));
    cancellation.cancel(new Error('gone'));
    expect(heard).toEqual([new Error('gone')]);
  });

  it('does not throw where a signal or a token refuses to let go of it', () => {
    const refuse = () => {
      throw new Error('refused');
    };
    const cancellation = new Cancellation();
    cancellation.follow({ aborted: false, addEventListener: () => {}, removeEventListener: refuse }, () => new Error());
    cancellation.followToken({
      ...axios.CancelToken.source().token,
      subscribe: () => {},
      unsubscribe: refuse,
    });
    expect(() => cancellation.unfollow()).not.toThrow();
  });

  it('refuses a token that nobody could stop listening to, such as one of an old axios', () => {
    const token = { promise: new Promise<never>(() => {}), throwIfRequested() {} } as unknown as CancelToken;
    expect(() => followed(token)).toThrow(/cancelToken\.subscribe is not a function: .* a signal/);
  });
});
