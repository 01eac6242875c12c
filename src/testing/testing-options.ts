import * as v from 'valibot';
import { isClock } from '../base/argument-checks.js';
import type { Clock } from '../base/clock.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { findProblems } from '../options/problems.js';
import { group } from '../options/schema-parts.js';
import { canParse } from '../base/can-parse.js';
import { ManualClock } from './manual-clock.js';
import type { Recording } from './recording/recorded-transport.js';

/** Options of `HttpClientTestingModule.withOptions`. */
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

export interface TestingSettings extends Pick<HttpClientTestingOptions, 'clock' | 'now' | 'random' | 'recording'> {
  /** Whether requests that nobody expects wait. */
  readonly holds: boolean;
  /** Whether an origin is called for real, or recorded. */
  readonly passes: (origin: string) => boolean;
}

const call = v.function('a function');
const isRecording = (value: unknown) => typeof value === 'function' && 'verify' in value;
const schema = group({
  clock: v.optional(v.custom<Clock>(isClock, 'a clock, as new ManualClock()')),
  now: v.optional(call),
  random: v.optional(call),
  unexpected: v.optional(v.picklist(['fail', 'wait'], "'fail' or 'wait'")),
  passThrough: v.optional(
    v.union(
      [
        v.array(
          v.pipe(
            v.string(),
            v.check((address) => originOf(address) !== undefined, 'an origin, as http://127.0.0.1:3001'),
          ),
        ),
        call,
      ],
      'a list of origins, as http://127.0.0.1:3001, or a function',
    ),
  ),
  recording: v.optional(v.custom<Recording>(isRecording, 'what recordedTransport returns')),
});

/** @throws InvalidOptionsError that lists every wrong option */
export function resolveTesting(options: HttpClientTestingOptions): TestingSettings {
  const problems = findProblems(schema, options);
  if (problems.length > 0) throw new InvalidOptionsError('HttpClientTestingModule', problems);
  const { unexpected = 'fail', passThrough, ...rest } = options;
  const { clock } = rest;
  const now = clock instanceof ManualClock ? () => clock.date.getTime() : undefined;
  return {
    ...(now && { now }),
    ...rest,
    holds: unexpected === 'wait',
    passes: passing(passThrough, rest.recording !== undefined),
  };
}

function passing(passThrough: HttpClientTestingOptions['passThrough'], byDefault: boolean): TestingSettings['passes'] {
  if (typeof passThrough === 'function') return passThrough;
  if (!passThrough) return () => byDefault;
  const origins = new Set(passThrough.map(originOf));
  return (origin) => origins.has(origin);
}

function originOf(address: string): string | undefined {
  if (address.startsWith('unix:')) return address;
  const url = canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.origin : undefined;
}
