import { CanceledError } from 'axios';
import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { testCall } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RecordedEvents, SILENT } from '../../test/support/recorded-events.js';
import { DEFAULT_RULES } from '../redaction/rules.js';
import { queued, whileWaiting } from './waiting.js';

const start = (events = new RecordedEvents()) => {
  let giveUp!: (error: unknown) => void;
  let begin!: () => void;
  const place = new Promise<void>((resolve, reject) => {
    begin = resolve;
    giveUp = reject;
  });
  const call = testCall({ data: 'the body' });
  const clock = new ManualClock();
  return { place, begin, giveUp, call, clock, events, context: { events, clock, rules: DEFAULT_RULES } };
};

describe('whileWaiting', () => {
  it('listens once for the close of a client, however many calls wait, and tells each', () => {
    const closing = new AbortController();
    const listeners = () => getEventListeners(closing.signal, 'abort');
    const told: unknown[] = [];
    const stops = Array.from({ length: 20 }, () =>
      whileWaiting(testCall(), closing.signal, (error) => told.push(error)),
    );
    expect(listeners()).toHaveLength(1); // each more would make it slower to add and to remove one
    stops.pop()!();
    closing.abort();
    expect(told).toHaveLength(19);
    expect(told[0]).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    expect(listeners()).toEqual([]);
  });
});

describe('queued', () => {
  it('publishes how long a call has waited, and adds it to what it has waited before', async () => {
    const { place, begin, call, clock, events, context } = start();
    call.journal.queuedMs = 3;
    const waiting = queued('pool', place, call, context);
    clock.tick(7);
    begin();
    await waiting;
    expect(events.all).toMatchObject([
      { name: 'queue:end', callId: call.journal.id, queue: 'pool', waitedMs: 7, error: undefined },
    ]);
    expect(call.journal.queuedMs).toBe(10);
  });

  it('publishes why it has given up, with nothing that must not be seen', async () => {
    const { place, giveUp, call, clock, events, context } = start();
    const waiting = queued('rateLimit', place, call, context);
    const reason = new CanceledError(undefined, call.config);
    clock.tick(7);
    giveUp(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(events.of('queue:end')).toMatchObject([{ queue: 'rateLimit', waitedMs: 7, error: reason }]);
    expect(Object.keys(reason)).not.toContain('config');
    expect(call.journal.queuedMs).toBe(7);
  });

  it('publishes in the context of the call, whoever gives it its place', async () => {
    const { place, begin, call, events, context } = start();
    const storage = new AsyncLocalStorage<string>();
    let seen: unknown;
    events.publish = () => void (seen = storage.getStore());
    const waiting = storage.run('waiting', () => queued('concurrency', place, call, context));
    storage.run('giving', begin);
    await waiting;
    expect(seen).toBe('waiting');
  });

  it('counts the waiting also where nobody listens', async () => {
    const { place, begin, call, clock, context } = start();
    const waiting = queued('pool', place, call, { ...context, events: SILENT });
    clock.tick(7);
    begin();
    await waiting;
    expect(call.journal.queuedMs).toBe(7);
  });
});
