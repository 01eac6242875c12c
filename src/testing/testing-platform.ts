import type { Clock } from '../clock.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { HttpClientPlatform } from '../http-client.platform.js';
import type { Handler } from '../layers/layer.js';
import { nativeTransport, type NativeTransportSettings } from '../transport/native-transport.js';
import { poolRouting } from '../transport/routing.js';
import { Arrival } from './arrival.js';
import { ExpectationBook } from './expectation-book.js';
import { HttpTestingController } from './http-testing-controller.js';
import { ManualClock } from './manual-clock.js';
import type { Recording } from './recording/recorded-transport.js';
import { attend } from './unattended-clock.js';
import { Wire } from './wire.js';
import { wireRouting } from './wire-routing.js';

export interface HttpClientTestingOptions {
  /**
   * What the clients time everything by: a `ManualClock`, as a rule.
   * @default the system's
   */
  readonly clock?: Clock;
  /**
   * The wall clock, in milliseconds since 1970, for dates in headers.
   * @default the manual clock's, or else the system's
   */
  readonly now?: () => number;
  /**
   * From 0 to below 1, for the jitter of pauses.
   * @default `Math.random`
   */
  readonly random?: () => number;
  /**
   * What becomes of a request that nobody expects: it fails at once, or waits for an expectation that is made later.
   * @default 'fail'
   */
  readonly unexpected?: 'fail' | 'wait';
  /**
   * Origins that are called for real, as `http://127.0.0.1:3001`; `unix:` and its path for a socket. Or a function that is asked for
   * each request, as where a server that the app starts has another port each time.
   * @default none; all of them with `recording`
   */
  readonly passThrough?: readonly string[] | ((origin: string) => boolean);
  /**
   * What `recordedTransport` returns: calls that pass through are recorded, or answered from the fixture. It is closed with the app,
   * which writes the fixture, so that each app needs one of its own.
   * @default what passes through is sent
   */
  readonly recording?: Recording;
}

/** What a testing module provides. */
export interface TestingPlatform {
  readonly platform: HttpClientPlatform;
  readonly controller: HttpTestingController;
}

/** @throws InvalidOptionsError for an origin that is none */
export function testingPlatform(options: HttpClientTestingOptions = {}): TestingPlatform {
  const { clock, random, recording, unexpected = 'fail' } = options;
  const passes = passThroughOf(options);
  const { now = clock instanceof ManualClock ? () => clock.date.getTime() : undefined } = options;
  const book = new ExpectationBook(unexpected === 'wait');

  let endAttendance = () => {};
  const onFault = (error: unknown) => book.fault(error);
  const wire = new Wire((request) => book.arrive(new Arrival(request, onFault)));
  const transport = (_native: Handler, settings: NativeTransportSettings): Handler => {
    const routing = { transport: settings, wire, network: poolRouting(settings), passes };
    const carry: Handler = (call) => nativeTransport(settings, wireRouting(routing, call))(call);
    const recorded = recording?.(carry);
    return recorded ? (call) => (passes(call.origin) ? recorded : carry)(call) : carry;
  };

  return {
    platform: {
      transport,
      ...(clock && { clock }),
      ...(random && { random }),
      ...(now && { now }),
      draining: () => {
        book.close();
        if (clock instanceof ManualClock) endAttendance = attend(clock);
      },
      closed: async () => {
        endAttendance();
        await recording?.close();
      },
    },
    controller: new HttpTestingController(book),
  };
}

function passThroughOf({ passThrough, recording }: HttpClientTestingOptions): (origin: string) => boolean {
  if (typeof passThrough === 'function') return passThrough;
  if (!passThrough && recording) return () => true;
  const origins = new Set(passThrough?.map(originOf));
  return (origin) => origins.has(origin);
}

function originOf(address: string): string {
  if (address.startsWith('unix:')) return address;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new InvalidOptionsError('HttpClientTestingModule', [
    `passThrough: expected an origin, as http://127.0.0.1:3001, got ${JSON.stringify(address)}`,
  ]);
}
