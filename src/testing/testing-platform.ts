import type { Handler } from '../call/call.js';
import type { HttpClientPlatform } from '../client/platform.js';
import { nodeEngine } from '../transport/node-engine.js';
import { nativeTransport, type NativeTransportSettings, poolRouting } from '../transport/transport.js';
import { Arrival } from './arrival.js';
import { ExpectationBook } from './expectation-book.js';
import { HttpTestingController } from './http-testing-controller.js';
import { ManualClock } from './manual-clock.js';
import { type HttpClientTestingOptions, resolveTesting } from './testing-options.js';
import { attend } from './unattended-clock.js';
import { wireRouting } from './wire-routing.js';
import { Wire } from './wire.js';

/** What a testing module provides. */
export interface TestingPlatform {
  readonly platform: HttpClientPlatform;
  readonly controller: HttpTestingController;
}

/** @throws InvalidOptionsError that lists every wrong option */
export function testingPlatform(options: HttpClientTestingOptions = {}): TestingPlatform {
  const { clock, now, random, recording, holds, passes } = resolveTesting(options);
  const book = new ExpectationBook(holds);

  let endAttendance = () => {};
  const onFault = (arrival: Arrival, error: unknown) => book.fault(arrival, 'answered', error);
  const wire = new Wire((request) => book.arrive(new Arrival(request, onFault)));
  const transport = (_native: Handler, given: NativeTransportSettings): Handler => {
    // The tests' timers may be fake: undici waits for some of its own, Node's HTTP for none.
    const settings = { ...given, engine: nodeEngine };
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
