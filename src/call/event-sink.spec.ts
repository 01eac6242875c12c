import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { channelName, HttpClientEvents } from './event-sink.js';
import { EVENT_NAMES, type HttpClientEventMap } from './events.js';

const REPLAY: HttpClientEventMap['replay'] = {
  callId: 1,
  client: 'default',
  origin: 'http://a.example',
  method: 'GET',
  urlTemplate: undefined,
  attempt: 1,
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('HttpClientEvents', () => {
  it('wants only what somebody has subscribed to, for as long as that is so', () => {
    const events = new HttpClientEvents();
    const wanted = () => EVENT_NAMES.filter((name) => events.wants(name));
    expect(wanted()).toEqual([]);
    const ends = [events.on('replay', () => {}), events.on('replay', () => {})];
    expect(wanted()).toEqual(['replay']);
    ends[0]!();
    ends[0]!();
    expect(wanted()).toEqual(['replay']);
    ends[1]!();
    expect(wanted()).toEqual([]);
    const stream = events.stream('retry', 'hedge').subscribe();
    expect(wanted()).toEqual(['retry', 'hedge']);
    stream.unsubscribe();
    expect(wanted()).toEqual([]);
  });

  it('wants what somebody has subscribed to on its channel', () => {
    const events = new HttpClientEvents();
    const heard: unknown[] = [];
    const listener = (event: unknown, name: string | symbol) => heard.push([name, event]);
    subscribe(channelName('replay'), listener);
    expect(events.wants('replay')).toBe(true);
    events.publish('replay', REPLAY);
    unsubscribe(channelName('replay'), listener);
    expect(events.wants('replay')).toBe(false);
    expect(heard).toEqual([['nest-outbound:replay', REPLAY]]);
  });

  it('calls a listener as often as it is subscribed', () => {
    const events = new HttpClientEvents();
    const listener = vi.fn<(event: unknown) => void>();
    events.on('replay', listener);
    const end = events.on('replay', listener);
    events.publish('replay', REPLAY);
    end();
    events.publish('replay', REPLAY);
    expect(listener.mock.calls).toEqual([[REPLAY], [REPLAY], [REPLAY]]);
  });

  it('may be subscribed to, and unsubscribed from, by a listener: that counts from the next event on', () => {
    const events = new HttpClientEvents();
    const heard: string[] = [];
    const ends: (() => void)[] = [];
    ends.push(
      events.on('replay', () => {
        heard.push('first');
        for (const end of ends) end();
        events.on('replay', () => heard.push('third'));
      }),
      events.on('replay', () => heard.push('second')),
    );
    events.publish('replay', REPLAY);
    expect(heard).toEqual(['first', 'second']);
    events.publish('replay', REPLAY);
    expect(heard).toEqual(['first', 'second', 'third']);
  });

  it('streams events with their names, of those asked for or of all', () => {
    const events = new HttpClientEvents();
    const some: unknown[] = [];
    const all: unknown[] = [];
    events.stream('replay').subscribe((event) => some.push(event));
    events.stream().subscribe((event) => all.push(event));
    events.publish('replay', REPLAY);
    events.publish('call:start', REPLAY);
    expect(some).toEqual([{ name: 'replay', ...REPLAY }]);
    expect(all).toEqual([
      { name: 'replay', ...REPLAY },
      { name: 'call:start', ...REPLAY },
    ]);
  });

  it('completes its streams, also those that are subscribed to later, while listeners go on', () => {
    const events = new HttpClientEvents();
    const heard: string[] = [];
    events.on('replay', () => heard.push('listener'));
    const stream = events.stream('replay');
    stream.subscribe({ next: () => heard.push('stream'), complete: () => heard.push('complete') });
    events.complete();
    stream.subscribe({ next: () => heard.push('late stream'), complete: () => heard.push('late complete') });
    events.publish('replay', REPLAY);
    expect(heard).toEqual(['complete', 'late complete', 'listener']);
  });

  it('warns of a listener that fails, once, and calls the others', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const events = new HttpClientEvents();
    const listener = vi.fn<() => void>();
    events.on('replay', () => {
      throw new Error('at once');
    });
    events.on('replay', async () => {
      await Promise.resolve();
      throw 'later'; // oxlint-disable-line no-throw-literal
    });
    events.on('replay', listener);
    events.publish('replay', REPLAY);
    events.publish('replay', REPLAY);
    await new Promise((resolve) => setImmediate(resolve));
    expect(listener).toHaveBeenCalledTimes(2);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringContaining('"replay"'),
        { type: 'HttpClientEventsWarning', detail: expect.stringContaining('at once') },
      ],
      [expect.stringContaining('"replay"'), { type: 'HttpClientEventsWarning', detail: "'later'" }],
    ]);
  });
});
