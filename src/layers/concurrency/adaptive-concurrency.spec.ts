import { AxiosError, type AxiosResponse, CanceledError } from 'axios';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  itKeepsTheLayerContract,
  type LayerDependencies,
  refusedStatus,
  responseTo,
  settle,
  testCall,
  type TestCall,
} from '../../../test/support/layer-contract.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import { seededRandom, UpstreamModel } from '../../../test/support/upstream-model.js';
import { noTimings } from '../../base/timings.js';
import type { Call, Handler, Layer } from '../../call/call.js';
import { compose } from '../../call/compose.js';
import { NEVER, sleep } from '../../call/waiting.js';
import { ConcurrencyLimitError, DeadlineExceededError } from '../../errors/refusal.errors.js';
import { ResponseTimeoutError } from '../../errors/timeout.errors.js';
import { DEFAULT_RULES } from '../../redaction/rules.js';
import { retry } from '../retry/retry.js';
import { RESILIENCE_DEFAULTS } from '../../options/resolve-resilience.js';
import { adaptiveConcurrencyLimit } from './concurrency.js';
import { type AdaptiveSettings, OriginLimits } from './origin-limits.js';
import { concurrencySample, signOf } from './sample.js';

const SETTINGS: AdaptiveSettings = { adaptive: 'aimd', min: 1, max: 100, initial: 4, maxQueued: 1_000, per: 'origin' };
const ORIGIN = 'http://a.example';

/** Both layers, and those between them. */
function adaptive(
  given: Partial<AdaptiveSettings>,
  { clock, events, rules, closing }: Pick<LayerDependencies, 'clock' | 'events' | 'rules' | 'closing'>,
  between: readonly Layer[] = [],
) {
  const limits = new OriginLimits({ ...SETTINGS, ...given }, { clock, name: 'default', events });
  const outer = adaptiveConcurrencyLimit(limits, { clock, events, rules, closing });
  const layer: Layer = (next) => compose([outer, ...between, concurrencySample(limits, clock)], next);
  return { limits, layer };
}

itKeepsTheLayerContract('adaptive concurrency with room', (context) => adaptive({ initial: 100 }, context).layer);
itKeepsTheLayerContract('adaptive concurrency without room', (context) => adaptive({ max: 1 }, context).layer);
itKeepsTheLayerContract(
  'adaptive concurrency by gradient',
  (context) => adaptive({ adaptive: 'gradient', initial: 2 }, context).layer,
);

describe('an adaptive concurrency limit', () => {
  let clock: ManualClock;
  let events: RecordedEvents;
  let begun: TestCall[];
  let ends: { resolve: (response?: AxiosResponse) => void; reject: (error: unknown) => void }[];

  beforeEach(() => {
    clock = new ManualClock();
    events = new RecordedEvents();
    begun = [];
    ends = [];
  });

  /** A terminal whose calls end when told to. */
  const hold: Handler = (call) =>
    new Promise<AxiosResponse>((resolve, reject) => {
      begun.push(call as TestCall);
      ends.push({ resolve: (response = responseTo(call)) => resolve(response), reject });
      call.cancellation.subscribe(reject);
    });
  const start = (given: Partial<AdaptiveSettings> = {}, between: readonly Layer[] = [], terminal = hold) => {
    const { limits, layer } = adaptive(given, { clock, events, rules: DEFAULT_RULES, closing: NEVER }, between);
    const handle = layer(terminal);
    const send = (call = testCall()) => {
      const result = handle(call);
      result.catch(() => {});
      return result;
    };
    return { limits, send, snapshot: () => limits.snapshot()[ORIGIN] };
  };

  it('lets those in who wait, as soon as it has grown', async () => {
    const { send } = start();
    for (let n = 0; n < 8; n++) void send();
    expect(begun).toHaveLength(4);
    ends[1]!.resolve();
    await settle();
    expect(begun).toHaveLength(6); // its place, and the one that the limit has grown by
  });

  it('lets nobody in for a call that is over, while more are under way than there may be now', async () => {
    const { send, snapshot } = start();
    for (let n = 0; n < 8; n++) void send();
    ends[0]!.reject(refusedStatus(begun[0]!, 503));
    await settle();
    expect(snapshot()).toMatchObject({ limit: 2, inFlight: 3, queued: 4, drops: 1 });
    ends[1]!.reject(new CanceledError());
    await settle();
    expect(begun).toHaveLength(4);
    ends[2]!.reject(new CanceledError());
    await settle();
    expect(begun).toHaveLength(5);
  });

  it('is of each origin for itself, whatever counts together', async () => {
    const { send, limits } = start({ per: 'client' });
    const other = () => testCall({ url: 'http://b.example/' });
    void send();
    void send(other());
    ends[0]!.reject(refusedStatus(begun[0]!, 503));
    await settle();
    expect(limits.snapshot()).toMatchObject({ [ORIGIN]: { limit: 2 }, 'http://b.example': { limit: 4 } });
  });

  it("lets no more than max in of all origins together, if it counts the client's calls", () => {
    const perOrigin = start({ max: 10, initial: 10 });
    const perClient = start({ max: 10, initial: 10, per: 'client' });
    for (const { send } of [perOrigin, perClient]) {
      for (let n = 0; n < 10; n++) for (const of of ['a', 'b']) void send(testCall({ url: `http://${of}.example/` }));
    }
    const inFlight = ({ limits }: typeof perOrigin) => Object.values(limits.snapshot()).map((of) => of.inFlight);
    expect(inFlight(perOrigin)).toEqual([10, 10]);
    expect(inFlight(perClient).reduce((sum, count) => sum + count)).toBe(9); // one is for an origin that has none
  });

  it('refuses a call at once when as many wait as may, and says when those will have had their turn', async () => {
    const { send } = start({ max: 4, maxQueued: 2 });
    void send();
    clock.tick(800);
    ends[0]!.resolve();
    await settle();
    for (let n = 0; n < 6; n++) void send();
    const error = await send().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConcurrencyLimitError);
    expect(error).toMatchObject({ code: 'ERR_CONCURRENCY_LIMIT', retryAfterMs: (3 * 800) / 4 });
    expect((error as Error).message).toContain(
      '4 calls are under way, the most that its origin bears at the moment, and 2 wait',
    );
  });

  it('tells of changes by a fifth, and of none that come and go', async () => {
    const { send } = start({ initial: 10, max: 20 });
    const drop = async () => {
      void send();
      ends.at(-1)!.reject(refusedStatus(begun.at(-1)!, 429));
      await settle();
      clock.tick(1);
    };
    clock.tick(1);
    await drop();
    await drop();
    await drop();
    const told = events.of('concurrency:limit');
    expect(told).toEqual([
      { name: 'concurrency:limit', client: 'default', origin: ORIGIN, from: 10, to: 5 },
      { name: 'concurrency:limit', client: 'default', origin: ORIGIN, from: 5, to: 4 },
      { name: 'concurrency:limit', client: 'default', origin: ORIGIN, from: 4, to: 3 },
    ]);
  });

  it('times each request from its ready socket to its headers, or else without its waiting', async () => {
    const { send, snapshot } = start();
    void send();
    begun[0]!.journal.queuedMs += 30; // for a socket
    clock.tick(100);
    ends[0]!.resolve();
    await settle();
    expect(snapshot()!.responseMs).toBe(70);
    const timed = start();
    void timed.send();
    clock.tick(100);
    const timings = { ...noTimings(), connectMs: 50, firstByteMs: 20, bodyMs: 30 };
    ends.at(-1)!.resolve({ ...responseTo(begun.at(-1)!), timings });
    await settle();
    expect(timed.snapshot()!.responseMs).toBe(20);
  });

  it('times attempts, not the pauses between them, and counts each that fails', async () => {
    const retries = retry(
      { ...RESILIENCE_DEFAULTS.retry, baseMs: 1_000 },
      { clock, random: () => 1, now: () => 0, budgets: undefined, events, closing: NEVER },
    );
    const { send, snapshot } = start({}, [retries]);
    const result = send();
    clock.tick(10);
    ends[0]!.reject(refusedStatus(begun[0]!, 503));
    await settle();
    await clock.advance(1_000);
    expect(snapshot()).toMatchObject({ inFlight: 1, drops: 1 });
    clock.tick(10);
    ends[1]!.resolve();
    await result;
    expect(snapshot()).toMatchObject({ responseMs: 10, drops: 1, inFlight: 0 });
  });

  it('learns nothing from what is cancelled', async () => {
    const { send, snapshot } = start();
    const call = testCall();
    void send(call);
    clock.tick(5_000);
    call.cancellation.cancel(new CanceledError());
    await settle();
    expect(snapshot()).toMatchObject({ limit: 4, inFlight: 0, responseMs: undefined, drops: 0 });
  });

  it.each(['aimd', 'gradient'] as const)(
    '%s: finds the capacity of an upstream through the layers',
    async (algorithm) => {
      const random = seededRandom();
      const upstream = new UpstreamModel(clock, {
        servers: 40,
        serviceMs: () => 50 * (0.8 + 0.4 * random()),
        maxQueued: algorithm === 'aimd' ? 0 : Infinity,
      });
      const serve: Handler = (call: Call) =>
        new Promise((resolve, reject) => {
          upstream.request((isRefused) => (isRefused ? reject(refusedStatus(call, 503)) : resolve(responseTo(call))));
        });
      const { send, snapshot } = start({ adaptive: algorithm, initial: 20 }, [], serve);
      const work = { isOver: false };
      const worker = async () => {
        while (!work.isOver) await send().catch(() => sleep(clock, 5, testCall())); // oxlint-disable-line no-await-in-loop -- one after the other
      };
      const workers = Array.from({ length: 100 }, worker);
      await clock.advance(5_000);
      expect(snapshot()!.limit).toBeGreaterThanOrEqual(32);
      expect(snapshot()!.limit).toBeLessThanOrEqual(48);
      upstream.servers = 20;
      await clock.advance(5_000);
      expect(snapshot()!.limit).toBeGreaterThanOrEqual(16);
      expect(snapshot()!.limit).toBeLessThanOrEqual(28); // √20 may wait
      work.isOver = true;
      await clock.advance(5_000);
      await Promise.all(workers);
      expect(snapshot()).toMatchObject({ inFlight: 0, queued: 0 });
    },
  );
});

describe('what a request says of the load', () => {
  const call = testCall();
  const failed = (error: unknown, ranMs = 5_000) => signOf(undefined, { error }, ranMs);
  const withCode = (code: string) => new AxiosError('x', code, call.config);

  it.each([
    [200, 'served'],
    [304, 'served'],
    [404, undefined],
    [429, 'drop'],
    [500, undefined],
    [502, undefined],
    [503, 'drop'],
    [504, 'drop'],
  ])('with status %i, whether or not that is accepted: %s', (status, sign) => {
    expect(signOf(responseTo(call, status), undefined, 10)).toBe(sign);
    if (status >= 400) expect(failed(refusedStatus(call, status))).toBe(sign);
  });

  it.each([
    ['a timeout', new ResponseTimeoutError(call, 1_000)],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a reset one', withCode('ECONNRESET')],
    ['an attempt that takes too long', withCode('ECONNABORTED')],
    ['a deadline that cuts an attempt of a second or longer', new DeadlineExceededError(call, 5_000)],
  ])('%s is a drop', (_, error) => {
    expect(failed(error)).toBe('drop');
  });

  it.each([
    ['what the caller cancelled', new CanceledError()],
    ['a refusal of ours', new ConcurrencyLimitError(call, 1, 1)],
    ['a name that is not found', withCode('ENOTFOUND')],
    ['a certificate', withCode('CERT_HAS_EXPIRED')],
    ['a handshake', withCode('ERR_SSL_WRONG_VERSION_NUMBER')],
    ['a response that is no HTTP', withCode('HPE_INVALID_CONSTANT')],
    ['a timer that was late', Object.assign(withCode('ECONNABORTED'), { eventLoopDelayMs: 500 })],
    ['nothing', undefined],
    [
      'an error with a getter that throws',
      {
        get code() {
          throw new Error('x');
        },
      },
    ],
  ])('%s says nothing', (_, error) => {
    expect(failed(error)).toBeUndefined();
  });

  it('a deadline says nothing of an attempt that had little time', () => {
    expect(failed(new DeadlineExceededError(call, 5_000), 900)).toBeUndefined();
  });
});
