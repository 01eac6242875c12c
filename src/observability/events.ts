/**
 * THE catalogue of events: when each is published, and what it says. All are plain objects; times are in milliseconds on the
 * client's clock, which is monotonic. None holds a header value, a query string or a body.
 */
import type { BreakerState } from '../policies/breaker.js';
import type { DrainReport } from '../pool/connection-pool.js';
import type { PoolState } from '../pool/in-flight.js';

/** Whom an event is about. */
export interface CallEvent {
  /** The same for all events of a call. Unique in the process. */
  readonly callId: number;
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** The call's `urlTemplate`, as `/users/{id}`; undefined where it has none. */
  readonly urlTemplate: string | undefined;
}

/** How a call or an attempt ended. */
export interface Outcome {
  readonly durationMs: number;
  /** Of the response, where one came, also where it was refused by `validateStatus`. */
  readonly status: number | undefined;
  /** What it failed with; undefined where it succeeded. Prints no secrets. */
  readonly error: unknown;
}

/** A call has been made. Nothing has been done for it yet. */
export type CallStartEvent = CallEvent;

/** A call is over: its response body has ended, or it failed. */
export interface CallEndEvent extends CallEvent, Outcome {
  /** Requests made for it, retries and hedges included: 0 where it was refused before the first. */
  readonly requests: number;
}

/** A request is about to be made: the first of a call, a retry, or a hedge. */
export interface AttemptStartEvent extends CallEvent {
  /** 1 for the first. A hedge has the number of the attempt that it hedges. */
  readonly attempt: number;
  /** Requests made for the call before this one. */
  readonly resendCount: number;
}

/** A request is over: its response body has ended, or it failed. */
export interface AttemptEndEvent extends AttemptStartEvent, Outcome {}

/** A call will be made again. */
export interface RetryScheduledEvent extends CallEvent {
  /** The one that failed. */
  readonly attempt: number;
  /** A status, or the code of an error. */
  readonly outcome: string;
  /** The pause before the next. */
  readonly delayMs: number;
}

/** A call takes long, and is made a second time beside the first. */
export interface HedgeEvent extends CallEvent {
  readonly attempt: number;
  /** How long the request before it had taken. */
  readonly afterMs: number;
}

/** A pooled socket turned out to be closed: the request is sent once more, on a fresh one. */
export interface ReplayEvent extends CallEvent {
  readonly attempt: number;
}

/** A redirect is followed. */
export interface RedirectEvent extends CallEvent {
  readonly attempt: number;
  readonly status: number;
  /** The origin that it leads to. */
  readonly to: string;
}

/** A call that had to wait for a place has it, or waits no longer. Calls that need not wait publish none. */
export interface QueueEndEvent extends CallEvent {
  readonly queue: 'concurrency' | 'rateLimit' | 'pool';
  readonly waitedMs: number;
  /** What it gave up with; undefined where it has its place. */
  readonly error: unknown;
}

/** A circuit breaker has opened, closed, or lets a call try. */
export interface BreakerEvent {
  readonly client: string;
  readonly origin: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
}

/** Whose socket it is. */
export interface SocketEvent {
  /** The pool's id. */
  readonly pool: string;
  /** What the socket leads to: of a proxy, the proxy. */
  readonly origin: string;
}

/** A socket is connected, its TLS handshake done where it has one. */
export interface SocketOpenEvent extends SocketEvent {
  /** The look-up of the name; 0 for a literal address. */
  readonly dnsMs: number;
  readonly connectMs: number;
  /** undefined for plain http. */
  readonly tlsMs: number | undefined;
}

/** A socket that was open is closed. */
export interface SocketCloseEvent extends SocketEvent {
  /** How long it was open. */
  readonly openMs: number;
  /** Requests that it carried. */
  readonly requests: number;
}

/** A pool begins to drain, or is closed. */
export interface PoolStateEvent {
  readonly pool: string;
  readonly from: PoolState;
  readonly to: PoolState;
  /** Where it is closed: what became of its calls. */
  readonly report: DrainReport | undefined;
}

/** Event → what it says. */
export interface HttpClientEventMap {
  'call:start': CallStartEvent;
  'call:end': CallEndEvent;
  'attempt:start': AttemptStartEvent;
  'attempt:end': AttemptEndEvent;
  retry: RetryScheduledEvent;
  hedge: HedgeEvent;
  replay: ReplayEvent;
  redirect: RedirectEvent;
  'queue:end': QueueEndEvent;
  breaker: BreakerEvent;
  'socket:open': SocketOpenEvent;
  'socket:close': SocketCloseEvent;
  'pool:state': PoolStateEvent;
}

export type HttpClientEventName = keyof HttpClientEventMap;

export const EVENT_NAMES = [
  'call:start',
  'call:end',
  'attempt:start',
  'attempt:end',
  'retry',
  'hedge',
  'replay',
  'redirect',
  'queue:end',
  'breaker',
  'socket:open',
  'socket:close',
  'pool:state',
] as const satisfies readonly HttpClientEventName[];
