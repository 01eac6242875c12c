import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../src/base/cancellation.js';
import { type Call, createCall, deriveCall, type Handler, type Layer } from '../../src/call/call.js';
import type { EventSink } from '../../src/call/event-sink.js';
import type { HttpClientEventName } from '../../src/call/events.js';
import { NEVER } from '../../src/call/waiting.js';
import { concealError } from '../../src/errors/redact-error.js';
import { DEFAULT_RULES, type RedactionRules } from '../../src/redaction/rules.js';
import { ManualClock } from './manual-clock.js';
import { RecordedEvents, SILENT } from './recorded-events.js';

export interface LayerDependencies {
  readonly clock: ManualClock;
  readonly random: () => number;
  readonly now: () => number;
  readonly events: EventSink;
  readonly rules: RedactionRules;
  /** Never aborts. */
  readonly closing: AbortSignal;
}

/** A cancellation that knows who listens to it. */
export class WatchedCancellation extends Cancellation {
  readonly listeners = new Set<unknown>();

  override subscribe(listener: (reason: any) => void): void {
    this.listeners.add(listener);
    super.subscribe(listener);
  }

  override unsubscribe(listener: (reason: any) => void): void {
    this.listeners.delete(listener);
    super.unsubscribe(listener);
  }
}

export interface TestCall extends Call {
  readonly cancellation: WatchedCancellation;
}

/** A call that cannot be changed, whose cancellation is watched. */
export function testCall(config: Partial<InternalAxiosRequestConfig> = {}, deadline = Infinity): TestCall {
  const frozen = deepFreeze({
    url: 'http://a.example/path',
    method: 'get',
    timeout: 60_000,
    headers: new AxiosHeaders({ accept: '*/*' }),
    params: { q: 'x' },
    ...config,
  });
  const call = deriveCall(createCall(frozen, 'default'), { deadline, cancellation: new WatchedCancellation() });
  return Object.freeze(call) as TestCall;
}

export function responseTo({ config }: Call, status = 200, headers: Record<string, string> = {}): AxiosResponse {
  return { status, statusText: '', headers: new AxiosHeaders(headers), config, data: 'data' };
}

/** A call that was refused for its status. */
export function refusedStatus(call: Call, status: number, headers?: Record<string, string>): AxiosError {
  const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  return new AxiosError('refused', code, call.config, undefined, responseTo(call, status, headers));
}

/** Hangs until the call is cancelled, as every handler must end then. */
export const untilCancelled: Handler = ({ cancellation }) =>
  new Promise((_, reject) => {
    const end = (reason: unknown) => {
      cancellation.unsubscribe(end);
      reject(reason);
    };
    cancellation.subscribe(end);
  });

/** Lets everything happen that needs no time: what is refused is told of in the next turn of the event loop. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

/** What a layer does on purpose. */
export interface LayerTraits {
  /** Errors get `attempts`. */
  readonly marksErrors?: boolean;
  /** Each caller gets a response and an error of its own. */
  readonly copies?: boolean;
  /** The layers within get a config of its own, with another header, for example. That of the call stays as it is. */
  readonly changesConfig?: boolean;
  /** Of a call that it lets pass. */
  readonly publishes?: readonly HttpClientEventName[];
}

/** What every layer keeps, whatever else it does. */
export function itKeepsTheLayerContract(
  name: string,
  makeLayer: (dependencies: LayerDependencies) => Layer,
  { marksErrors = false, copies = false, changesConfig = false, publishes = [] }: LayerTraits = {},
): void {
  describe(`${name} keeps the contract of layers`, () => {
    const stackFor = (terminal: Handler, events: EventSink) => {
      const clock = new ManualClock();
      const layer = makeLayer({
        clock,
        random: () => 0.5,
        now: Date.now,
        events,
        rules: DEFAULT_RULES,
        closing: NEVER,
      });
      return { clock, handle: layer(terminal) };
    };
    const stack = (terminal: Handler) => {
      const events = new RecordedEvents();
      return { ...stackFor(terminal, events), events };
    };

    it('publishes its events of a call that it lets pass, which say whose they are, and none that nobody wants', async () => {
      const call = testCall({ urlTemplate: '/path' });
      const { handle, events } = stack(async (inner) => responseTo(inner));
      await handle(call);
      expect(events.names).toEqual(publishes);
      const { journal, clientName: client, origin, method } = call;
      for (const event of events.all) {
        expect(event).toMatchObject({ callId: journal.id, client, origin, method, urlTemplate: '/path' });
      }
      const unheard = stackFor(async (inner) => responseTo(inner), SILENT);
      await unheard.handle(testCall());
    });

    it('passes the response on as it is', async () => {
      const call = testCall();
      const response = deepFreeze(responseTo(call));
      const { handle, clock } = stack(async () => response);
      const passed = await handle(call);
      if (copies) expect(passed).toEqual(response);
      else expect(passed).toBe(response);
      expectNothingLeft(clock, call);
    });

    it('passes an error on as it is', async () => {
      const call = testCall();
      const error = refusedStatus(call, 400);
      concealError(error, { rules: DEFAULT_RULES, clientName: call.clientName, config: call.config }); // as the transport does
      const before = Object.entries(error);
      const { handle, clock } = stack(() => Promise.reject(error));
      const passed: unknown = await handle(call).catch((reason: unknown) => reason);
      if (copies) expect(passed).toMatchObject({ message: error.message, code: error.code, status: error.status });
      else expect(passed).toBe(error);
      if (!marksErrors) expect(Object.entries(error)).toEqual(before);
      expectNothingLeft(clock, call);
    });

    it.each([[undefined], [null], ['text']])('passes on %o where that is thrown', async (thrown) => {
      const call = testCall();
      const { handle, clock } = stack(() => Promise.reject(thrown)); // oxlint-disable-line prefer-promise-reject-errors
      const result = handle(call).then(
        () => 'no error',
        (error: unknown) => ({ error }),
      );
      expect(await result).toEqual({ error: thrown });
      expectNothingLeft(clock, call);
    });

    it('changes nothing of a call that it lets pass', async () => {
      const call = testCall();
      const { config, attempt, method, origin, clientName } = call;
      const before = structuredClone(contentsOf(config));
      const seen: Call[] = [];
      const { handle } = stack(async (inner) => {
        seen.push(inner);
        return responseTo(inner);
      });
      await handle(call);
      expect(seen).toHaveLength(1);
      if (!changesConfig) expect(seen[0]!.config).toBe(config);
      expect(seen[0]).toMatchObject({ attempt, method, origin, clientName });
      expect(contentsOf(config)).toEqual(before);
    });

    it('ends at once, with the very reason, when a call is cancelled that is under way or waits', async () => {
      const { handle, clock, events } = stack(untilCancelled);
      const calls = [testCall(), testCall(), testCall()];
      const ended: unknown[] = [];
      const results = calls.map((call) => handle(call).catch((error: unknown) => ended.push(error)));
      await settle();
      for (const call of calls.toReversed()) {
        const reason = new Error('gone');
        call.cancellation.cancel(reason);
        await settle();
        expect(ended.pop()).toBe(reason);
        expect(ended).toEqual([]);
        expect(call.cancellation.listeners.size).toBe(0);
      }
      await Promise.all(results);
      expect(clock.pending).toBe(0);
      expectEachEnded(events);
    });

    it('ends at once, with the very reason, when the call is cancelled before it comes', async () => {
      const { handle, clock } = stack(untilCancelled);
      const first = testCall();
      const firstResult = handle(first).catch(() => {});
      const call = testCall();
      const reason = new Error('gone');
      call.cancellation.cancel(reason);
      await expect(handle(call)).rejects.toBe(reason);
      first.cancellation.cancel(reason);
      await firstResult;
      expectNothingLeft(clock, call, first);
    });

    it('carries 100 calls at once', async () => {
      const { handle, clock, events } = stack(async (call) => {
        await settle();
        return responseTo(call);
      });
      const calls = Array.from({ length: 100 }, (_, index) => testCall({ url: `http://${index % 3}.example/` }));
      const ended: Call[] = [];
      const results = calls.map(async (call) => {
        const response = await handle(call);
        ended.push(call);
        if (!changesConfig) expect(response.config).toBe(call.config);
      });
      const all = Promise.all(results);
      all.catch(() => {}); // one that fails is told of below, not as a rejection that nobody handles
      for (let round = 0; round < 1_000 && ended.length < calls.length; round++) {
        await settle();
        clock.tick(10);
      }
      await all;
      expectNothingLeft(clock, ...calls);
      expectEachEnded(events);
    });
  });
}

const contentsOf = (config: InternalAxiosRequestConfig) => ({ ...config, headers: config.headers.toJSON() });

/** Whatever was started has ended, once. */
function expectEachEnded(events: RecordedEvents): void {
  const idsOf = (name: HttpClientEventName) =>
    events
      .of(name)
      .flatMap((event) => ('callId' in event ? event.callId : []))
      .toSorted((a, b) => a - b);
  for (const what of ['call', 'attempt'] as const) {
    expect(idsOf(`${what}:end`)).toEqual(idsOf(`${what}:start`));
  }
}

function expectNothingLeft(clock: ManualClock, ...calls: readonly TestCall[]): void {
  expect(clock.pending).toBe(0);
  for (const { cancellation } of calls) expect(cancellation.listeners.size).toBe(0);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
