import type { Timings } from '../base/timings.js';
import type { Attempt } from '../errors/http-client.error.js';
import type { BreakerState } from '../layers/breaker/state.js';
import type { DrainReport } from '../pool/connection-pool.js';
import type { PoolState } from '../pool/in-flight.js';

/**
 * THE catalogue of events: when each is published, and what it says. All are plain objects, the same one for all who listen; durations
 * are in milliseconds on the client's clock, which is monotonic. None shows a header value, a query string or a body.
 *
 * The tables in docs/events.md are these comments.
 */

/** What every event of a call says. */
export interface CallEvent {
  /** The same in all events of a call; unique in the process. */
  readonly callId: number;
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port that the call is for. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** The call's `urlTemplate`, as `/users/{id}`; undefined where it has none. */
  readonly urlTemplate: string | undefined;
}

/** What every event of an attempt says. */
export interface AttemptEvent extends CallEvent {
  /** 1 for the first, 2 for its first retry. A hedge has the number of the attempt that it hedges. */
  readonly attempt: number;
}

/** How a call or an attempt ended. */
export interface Outcome {
  /** From its start to its end. */
  readonly durationMs: number;
  /** Of the response, also where it was refused by `validateStatus`; undefined where none came, or the error does not have it. */
  readonly status: number | undefined;
  /** What it failed with, which prints no secrets; undefined where it succeeded. */
  readonly error: unknown;
  /** Those of the response or the error; undefined where neither has any. */
  readonly timings: Timings | undefined;
}

/** A call has been made. Nothing has been done for it yet. */
export type CallStartEvent = CallEvent;

/** A call is over: its response body has ended, or been given up, or the call has failed. Once for each call. */
export interface CallEndEvent extends CallEvent, Outcome {
  /** Requests made for it, those of retries and hedges included, replays and redirects not; 0 where none was needed or allowed. */
  readonly requests: number;
  /** How long its requests have waited for places, all together. */
  readonly queuedMs: number;
}

/** A call has failed, also one whose stream has. Right before its `call:end`; for who wants no others it costs the others little. */
export type CallFailEvent = CallEndEvent;

/** A request is about to be made: the first of a call, a retry, or a hedge. */
export interface AttemptStartEvent extends AttemptEvent {
  /** Requests made for the call before this one. */
  readonly resendCount: number;
}

/** A request is over: its response body has ended, or been given up, or the request has failed. Once for each that was started. */
export interface AttemptEndEvent extends AttemptStartEvent, Outcome {}

/** An attempt has failed, and will be followed by another, unless the call ends in the pause before that. */
export interface RetryScheduledEvent extends AttemptEvent {
  /** What the attempt came to: a status, or the code of an error. */
  readonly outcome: Attempt['outcome'];
  /** The pause before the next. */
  readonly delayMs: number;
}

/** An attempt takes long: its request is made once more, beside the first. */
export interface HedgeEvent extends AttemptEvent {
  /** How long the attempt has been under way. */
  readonly afterMs: number;
}

/** A pooled socket turned out to be closed: the request is sent once more, on a fresh one. */
export type ReplayEvent = AttemptEvent;

/** A redirect is followed. */
export interface RedirectEvent extends AttemptEvent {
  /** The redirect's. */
  readonly status: number;
  /** The origin that it leads to. */
  readonly to: string;
}

/** A call that found no place free has one now, has given up waiting, or is refused one. */
export interface QueueEndEvent extends CallEvent {
  /** What it waited for: its turn in a limit of these names, or a socket. */
  readonly queue: 'concurrency' | 'rateLimit' | 'pool';
  /** How long it has waited; 0 where it was refused at once. */
  readonly waitedMs: number;
  /** Why it has no place; undefined where it has. Prints no secrets. */
  readonly error: unknown;
}

/** A circuit breaker has opened or closed, by itself or by hand, or lets a call try. */
export interface BreakerEvent {
  /** The name of the client. */
  readonly client: string;
  /** Whose calls it lets through or refuses. */
  readonly origin: string;
  /** Its state before. */
  readonly from: BreakerState;
  /** Its state from now on. */
  readonly to: BreakerState;
}

/** What every event of a socket says. */
export interface SocketEvent {
  /** The id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** What the socket leads to: the far end of a tunnel; the proxy, where one forwards. */
  readonly origin: string;
}

/** A socket is connected, its TLS handshake done where it has one. */
export interface SocketOpenEvent extends SocketEvent {
  /** The look-up of the name; 0 for a literal address. Undefined for a tunnel through a proxy, where it is part of `connectMs`. */
  readonly dnsMs: number | undefined;
  /** From the look-up to the connection. */
  readonly connectMs: number;
  /** From the connection to the end of the TLS handshake; undefined for plain http. */
  readonly tlsMs: number | undefined;
}

/** A socket that was being opened was closed before it was connected, or before its TLS handshake was done. */
export interface SocketFailEvent extends SocketEvent {
  /** From its opening to its close. */
  readonly afterMs: number;
  /** Of the error that closed it; undefined where it was closed without one. */
  readonly code: string | undefined;
}

/** A socket that was open is closed, by either side. */
export interface SocketCloseEvent extends SocketEvent {
  /** How long it was open. */
  readonly openMs: number;
  /** Requests that it was given. */
  readonly requests: number;
  /** Of the error that closed it; undefined where it was closed without one. */
  readonly code: string | undefined;
}

/** An authorization server was asked for a token of a client. */
export interface TokenRenewEvent {
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port of the authorization server. */
  readonly origin: string;
  /** From the request to the answer, its retries included. */
  readonly durationMs: number;
  /** Why there is none: the server's error (`invalid_client`), or the code of what failed; undefined where there is one. */
  readonly failure: string | undefined;
}

/** A pool has begun to drain, or is closed, its last socket included. */
export interface PoolStateEvent {
  /** The id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** Its state before. */
  readonly from: PoolState;
  /** Its state from now on. */
  readonly to: PoolState;
  /** Calls in flight. */
  readonly inFlight: number;
  /** What became of its calls and sockets since the drain began, where it is closed; undefined otherwise. */
  readonly report: DrainReport | undefined;
}

/** Event → what it says. */
export interface HttpClientEventMap {
  'call:start': CallStartEvent;
  'call:fail': CallFailEvent;
  'call:end': CallEndEvent;
  'attempt:start': AttemptStartEvent;
  'attempt:end': AttemptEndEvent;
  retry: RetryScheduledEvent;
  hedge: HedgeEvent;
  replay: ReplayEvent;
  redirect: RedirectEvent;
  'queue:end': QueueEndEvent;
  breaker: BreakerEvent;
  'token:renew': TokenRenewEvent;
  'socket:open': SocketOpenEvent;
  'socket:fail': SocketFailEvent;
  'socket:close': SocketCloseEvent;
  'pool:state': PoolStateEvent;
}

export type HttpClientEventName = keyof HttpClientEventMap;

const NAMES: Readonly<Record<HttpClientEventName, true>> = {
  'call:start': true,
  'call:fail': true,
  'call:end': true,
  'attempt:start': true,
  'attempt:end': true,
  retry: true,
  hedge: true,
  replay: true,
  redirect: true,
  'queue:end': true,
  breaker: true,
  'token:renew': true,
  'socket:open': true,
  'socket:fail': true,
  'socket:close': true,
  'pool:state': true,
};

/** In the order of the catalogue. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly HttpClientEventName[];
