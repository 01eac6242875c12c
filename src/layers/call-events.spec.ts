import { CanceledError } from 'axios';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusedStatus, responseTo, testCall } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RecordedEvents, SILENT } from '../../test/support/recorded-events.js';
import { createCall, type Handler, type Layer } from '../call/call.js';
import { compose } from '../call/compose.js';
import { HttpClientEvents } from '../call/event-sink.js';
import type { CallFailEvent } from '../call/events.js';
import type { OutcomeContext } from '../call/outcome.js';
import { DEFAULT_RULES } from '../redaction/rules.js';
import { attemptEvents, callEvents } from './call-events.js';

const LAYERS: [string, (context: OutcomeContext) => Layer, 'call:end' | 'attempt:end'][] = [
  ['callEvents', callEvents, 'call:end'],
  ['attemptEvents', attemptEvents, 'attempt:end'],
];

describe.each(LAYERS)('%s', (_, makeLayer, ended) => {
  let clock: ManualClock;
  let events: RecordedEvents;
  const start = (terminal: Handler) => makeLayer({ events, clock, rules: DEFAULT_RULES })(terminal);

  beforeEach(() => {
    clock = new ManualClock();
    events = new RecordedEvents();
  });

  it('publishes the start before, and the end after, with what it took and came to', async () => {
    const handle = start(async (call) => {
      expect(events.names).toEqual([ended.replace('end', 'start')]);
      return responseTo(call, 204);
    });
    await handle(testCall());
    expect(events.of(ended)).toMatchObject([{ status: 204, error: undefined, durationMs: expect.any(Number) }]);
  });

  it('publishes the status and the error of a response that is refused', async () => {
    const call = testCall();
    const error = refusedStatus(call, 404);
    await expect(start(() => Promise.reject(error))(call)).rejects.toBe(error);
    expect(events.of(ended)).toMatchObject([{ status: 404, error }]);
  });

  it('publishes the end of what throws before it promises anything', async () => {
    const error = new Error('at once');
    const handle = start(() => {
      throw error;
    });
    await expect(handle(testCall())).rejects.toBe(error);
    expect(events.of(ended)).toMatchObject([{ status: undefined, error }]);
  });

  it('publishes the end of a streamed body, and what that failed with, in the context of the call', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const publish = events.publish.bind(events);
    events.publish = (name, event) => {
      publish(name, event);
      seen.push([name, context.getStore()]);
    };
    const body = new PassThrough();
    const handle = start(async (call) => ({ ...responseTo(call), data: body }));
    await context.run('call', () => handle(testCall()));
    expect(events.of(ended)).toEqual([]);
    const failure = new Error('broken');
    const closed = once(body, 'close').catch(() => {});
    context.run('reader', () => body.on('error', () => {}).destroy(failure));
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.of(ended)).toMatchObject([{ status: 200, error: failure }]);
    expect(seen.at(-1)).toEqual([ended, 'call']);
  });

  it('conceals what the error shows, by the time it is published', async () => {
    const call = testCall({ data: 'the body' });
    const error = new CanceledError(undefined, call.config);
    await expect(start(() => Promise.reject(error))(call)).rejects.toBe(error);
    expect(Object.keys(events.of(ended)[0]!.error as Error)).not.toContain('config');
  });

  it('does nothing to a call that nobody listens to', () => {
    const answer = Promise.resolve(responseTo(testCall()));
    const handle = makeLayer({ events: SILENT, clock, rules: DEFAULT_RULES })(() => answer);
    expect(handle(testCall())).toBe(answer);
  });
});

describe('callEvents and attemptEvents', () => {
  it('say how long each took, the call from when it was made', async () => {
    const events = new RecordedEvents();
    const clock = new ManualClock();
    clock.tick(100);
    const call = createCall(testCall().config, 'default', clock);
    clock.tick(1);
    const context = { events, clock, rules: DEFAULT_RULES };
    const slowly: Layer = (next) => (inner) => {
      clock.tick(20);
      return next(inner);
    };
    await compose([callEvents(context), slowly, attemptEvents(context)], async (inner) => {
      clock.tick(300);
      return responseTo(inner);
    })(call);
    expect(events.of('attempt:end')).toMatchObject([{ durationMs: 300 }]);
    expect(events.of('call:end')).toMatchObject([{ durationMs: 321 }]);
  });

  it('count the requests of a call, and tell them apart', async () => {
    const events = new RecordedEvents();
    const context = { events, clock: new ManualClock(), rules: DEFAULT_RULES };
    const twice: Layer = (next) => async (call) => {
      await next(call);
      return next(call);
    };
    const handle = compose([callEvents(context), twice, attemptEvents(context)], async (call) => {
      call.journal.queuedMs += 5;
      return responseTo(call);
    });
    await handle(testCall());
    expect(events.of('attempt:start').map(({ resendCount }) => resendCount)).toEqual([0, 1]);
    expect(events.of('attempt:end').map(({ resendCount }) => resendCount)).toEqual([0, 1]);
    expect(events.of('call:end')).toMatchObject([{ requests: 2, queuedMs: 10 }]);
  });
});

describe('callEvents, where failures only are wanted', () => {
  const failing = (terminal: Handler) => {
    const events = new HttpClientEvents();
    const failures: CallFailEvent[] = [];
    events.on('call:fail', (event) => failures.push(event));
    const handle = callEvents({ events, clock: new ManualClock(), rules: DEFAULT_RULES })(terminal);
    return { failures, handle };
  };
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

  it('publishes none for a call that goes well, nor for a stream that does', async () => {
    const { failures, handle } = failing(async (call) => responseTo(call));
    await handle(testCall());
    const body = new PassThrough();
    const streaming = failing(async (call) => ({ ...responseTo(call), data: body }));
    await streaming.handle(testCall());
    body.resume().end('done');
    await once(body, 'close');
    expect([...failures, ...streaming.failures]).toEqual([]);
  });

  it('publishes what a call failed with, before its caller gets it', async () => {
    const { failures, handle } = failing(() => Promise.reject(reset));
    const call = testCall();
    await handle(call).catch(() => expect(failures).toHaveLength(1));
    expect(failures).toMatchObject([{ callId: call.journal.id, error: reset, requests: 0, queuedMs: 0 }]);
  });

  it('publishes what was thrown before anything was promised, and rejects with it', async () => {
    const { failures, handle } = failing(() => {
      throw reset;
    });
    await expect(handle(testCall())).rejects.toBe(reset);
    expect(failures).toMatchObject([{ error: reset }]);
  });

  it('publishes what a stream failed with', async () => {
    const body = new PassThrough();
    const { failures, handle } = failing(async (call) => ({ ...responseTo(call), data: body }));
    await handle(testCall());
    body.destroy(reset);
    await expect(once(body, 'close')).rejects.toBe(reset);
    expect(failures).toMatchObject([{ status: 200, error: reset }]);
  });
});
