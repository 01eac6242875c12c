import type { Timings } from '../base/timings.js';
import type { Attempt } from '../errors/http-client.error.js';
import type { BreakerState } from '../layers/breaker/state.js';
import type { AddressChange } from '../pool/addresses/address-set.js';
import type { DrainReport } from '../pool/drain.js';
import type { SharedStateName } from '../options/shared-state.js';
import type { PoolState } from '../pool/in-flight.js';

/**
 * THE catalogue of events: when each is published, and its fields. Events are plain objects; all listeners get the same one. Durations
 * are in milliseconds on the client's monotonic clock. No event contains a header value, a query string or a body.
 *
 * The tables in docs/events.md are these comments.
 */

/** The fields of every event of a call. */
export interface CallEvent {
  /** The same in all events of a call. Unique in the process. */
  readonly callId: number;
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port of the call. */
  readonly origin: string;
  /** In upper case. */
  readonly method: string;
  /** The call's `urlTemplate`, such as `/users/{id}`; undefined if it has none. */
  readonly urlTemplate: string | undefined;
}

/** The fields of every event of an attempt. */
export interface AttemptEvent extends CallEvent {
  /** 1 for the first attempt, 2 for its first retry. A hedge has the number of its attempt. */
  readonly attempt: number;
}

/** How a call or an attempt ended. */
export interface Outcome {
  /** From start to end. */
  readonly durationMs: number;
  /** Status of the response, even if `validateStatus` refused it; undefined without a response, or if the error lacks it. */
  readonly status: number | undefined;
  /** The error, which prints no secrets; undefined after success. */
  readonly error: unknown;
  /** The timings of the response or the error; undefined if it has none. */
  readonly timings: Timings | undefined;
}

/** A call begins. Nothing has been done for it yet. */
export type CallStartEvent = CallEvent;

/** A call is over: its response body has ended or was given up, or the call has failed. Exactly once per call. */
export interface CallEndEvent extends CallEvent, Outcome {
  /** Requests made for the call, with retries and hedges, without replays and redirects; 0 if none was needed or allowed. */
  readonly requests: number;
  /** Total time that its requests waited in queues. */
  readonly queuedMs: number;
}

/** A call or its response stream has failed. Comes right before `call:end`; listening to it alone is cheaper. */
export type CallFailEvent = CallEndEvent;

/** A request is about to be sent: the first of a call, a retry, or a hedge. */
export interface AttemptStartEvent extends AttemptEvent {
  /** Earlier requests of the same call. */
  readonly resendCount: number;
}

/** A request is over: its response body has ended or was given up, or the request has failed. Exactly once per `attempt:start`. */
export interface AttemptEndEvent extends AttemptStartEvent, Outcome {}

/** An attempt has failed and another will follow, unless the call ends during the pause. */
export interface RetryScheduledEvent extends AttemptEvent {
  /** How the attempt ended: a status, or the code of an error. */
  readonly outcome: Attempt['outcome'];
  /** Pause before the next attempt. */
  readonly delayMs: number;
}

/** An attempt takes long: a second request is sent in parallel. */
export interface HedgeEvent extends AttemptEvent {
  /** Time since the attempt began. */
  readonly afterMs: number;
}

/** A pooled socket was dead: the request is sent again on a fresh one. */
export type ReplayEvent = AttemptEvent;

/** A redirect is followed. */
export interface RedirectEvent extends AttemptEvent {
  /** Status of the redirect. */
  readonly status: number;
  /** The origin of the target. */
  readonly to: string;
}

/** A call leaves a queue: it got a place, gave up waiting, or was refused. */
export interface QueueEndEvent extends CallEvent {
  /** The queue: a limit of this name, or `pool` for a socket. */
  readonly queue: 'concurrency' | 'rateLimit' | 'pool';
  /** Time in the queue; 0 if it was refused at once. */
  readonly waitedMs: number;
  /** Why it got no place; undefined if it got one. Prints no secrets. */
  readonly error: unknown;
}

/** The fields of the events of a call that was answered from the cache. */
export interface CacheUseEvent extends CallEvent {
  /** How old the response is. */
  readonly ageMs: number;
  /** How long it is still fresh; negative: how long it has been stale. */
  readonly ttlMs: number;
}

/** A call was answered with a fresh response from the cache. */
export type CacheHitEvent = CacheUseEvent;

/** The cache was asked, and the response, or the error, came from the upstream. */
export type CacheMissEvent = CallEvent;

/** A call was answered with a stale response from the cache. */
export interface CacheStaleEvent extends CacheUseEvent {
  /** Why: it is validated in the background, the upstream failed, or the request takes it (`max-stale`). */
  readonly reason: 'while-revalidate' | 'if-error' | 'max-stale';
}

/** A call was answered from the cache after the upstream had confirmed the response with 304. */
export type CacheRevalidatedEvent = CacheUseEvent;

/** A response was stored, or a stored one was updated. */
export interface CacheStoredEvent extends CallEvent {
  /** Size of its body. */
  readonly bytes: number;
  /** How long it is fresh. */
  readonly ttlMs: number;
}

/** Stored responses of a URL were deleted. */
export interface CacheEvictedEvent {
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port of the URL. */
  readonly origin: string;
  /** What they took in memory. */
  readonly bytes: number;
  /** Why: the cache is full, an unsafe request has changed the resource, or they were deleted by hand. */
  readonly reason: 'size' | 'invalidated' | 'deleted';
}

/** The cache has decided whether to store a response that came from the upstream. */
export interface CacheDecisionEvent extends CallEvent {
  /** Whether it is stored. */
  readonly stored: boolean;
  /** Why, or why not, such as `no-store` or `fresh for 30 s`. */
  readonly reason: string;
}

/** A circuit breaker has opened, has closed, or lets a probe through; by itself or by hand. */
export interface BreakerEvent {
  /** The name of the client. */
  readonly client: string;
  /** The origin that it protects. */
  readonly origin: string;
  /** State before. */
  readonly from: BreakerState;
  /** State from now on. */
  readonly to: BreakerState;
}

/** The adaptive concurrency limit of an origin has changed by a fifth or more since the last such event. */
export interface ConcurrencyLimitEvent {
  /** The name of the client. */
  readonly client: string;
  /** The origin that it protects. */
  readonly origin: string;
  /** Calls that could be under way. */
  readonly from: number;
  /** Calls that can be under way from now on. */
  readonly to: number;
}

/** The fields of every event of a socket. */
export interface SocketEvent {
  /** Id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** Peer of the socket: the far end of a tunnel; the proxy itself if it forwards. */
  readonly origin: string;
  /** The address that was chosen for the socket; undefined for an origin without `addresses`. */
  readonly address: string | undefined;
}

/** A socket is connected, with its TLS handshake done. */
export interface SocketOpenEvent extends SocketEvent {
  /** DNS lookup; 0 for an IP address. Undefined for a tunnel through a proxy, where it is part of `connectMs`. */
  readonly dnsMs: number | undefined;
  /** TCP connect, after the lookup. */
  readonly connectMs: number;
  /** TLS handshake; undefined for plain http. */
  readonly tlsMs: number | undefined;
}

/** A socket was closed before it was connected, or before its TLS handshake was done. */
export interface SocketFailEvent extends SocketEvent {
  /** From the start of the connect to the close. */
  readonly afterMs: number;
  /** Code of the error that closed it; undefined if there was none. */
  readonly code: string | undefined;
}

/** An open socket was closed, by either side. */
export interface SocketCloseEvent extends SocketEvent {
  /** Lifetime of the socket. */
  readonly openMs: number;
  /** Requests that it carried. */
  readonly requests: number;
  /** Code of the error that closed it; undefined if there was none. */
  readonly code: string | undefined;
}

/** An address of an origin with `addresses` is new or gone, gets no requests for a while because it fails, or gets them again. */
export interface AddressEvent {
  /** Id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** The origin whose address it is. */
  readonly origin: string;
  /** The IP address, with its port if it has one of its own. */
  readonly address: string;
  /** What has happened to it. */
  readonly change: AddressChange;
  /** Why it is ejected: the status or error code of its last request. Otherwise undefined. */
  readonly cause: string | undefined;
  /** Time until a probe, if it is ejected; otherwise undefined. */
  readonly ejectedMs: number | undefined;
}

/** A client has requested a token from an authorization server. */
export interface TokenRenewEvent {
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port of the authorization server. */
  readonly origin: string;
  /** From the request to the response, with retries. */
  readonly durationMs: number;
  /** Why there is no token: the server's error (`invalid_client`), or an error code; undefined after success. */
  readonly failure: string | undefined;
}

/** New certificates from `tls.files` are in use, or the files have become unusable or usable again. */
export interface TlsReloadEvent {
  /** Id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** Expiry of the client certificate in use, as an ISO 8601 time; undefined if there is none, or in a `pfx`. */
  readonly validTo: string | undefined;
  /** Why the files cannot be used, with their paths; new sockets use what the files held before. Undefined if they are in use. */
  readonly failure: string | undefined;
}

/** Replicas count limits together from now on, or each keeps to its share: the module's `shared` is available or not. */
export interface SharedStateEvent {
  /** State before. */
  readonly from: SharedStateName;
  /** State from now on. */
  readonly to: SharedStateName;
  /** Why it is unavailable: what Redis or its client said; undefined if it is available. */
  readonly reason: string | undefined;
  /** Replicas that share a limit, as far as this one knows. */
  readonly replicas: number;
}

/** A pool has begun to drain, or is closed with all its sockets. */
export interface PoolStateEvent {
  /** Id of the pool, as in its statistics and in the log. */
  readonly pool: string;
  /** State before. */
  readonly from: PoolState;
  /** State from now on. */
  readonly to: PoolState;
  /** Calls in flight. */
  readonly inFlight: number;
  /** When closed: what happened to its calls and sockets during the drain. Otherwise undefined. */
  readonly report: DrainReport | undefined;
}

/** Event name → its fields. */
export interface HttpClientEventMap {
  /** A call begins. Nothing has been done for it yet. */
  'call:start': CallStartEvent;
  /** A call or its response stream has failed. Comes right before `call:end`; listening to it alone is cheaper. */
  'call:fail': CallFailEvent;
  /** A call is over: its response body has ended or was given up, or the call has failed. Exactly once per call. */
  'call:end': CallEndEvent;
  /** A request is about to be sent: the first of a call, a retry, or a hedge. */
  'attempt:start': AttemptStartEvent;
  /** A request is over: its response body has ended or was given up, or the request has failed. Exactly once per `attempt:start`. */
  'attempt:end': AttemptEndEvent;
  /** An attempt has failed and another will follow, unless the call ends during the pause. */
  retry: RetryScheduledEvent;
  /** An attempt takes long: a second request is sent in parallel. */
  hedge: HedgeEvent;
  /** A pooled socket was dead: the request is sent again on a fresh one. */
  replay: ReplayEvent;
  /** A redirect is followed. */
  redirect: RedirectEvent;
  /** A call leaves a queue: it got a place, gave up waiting, or was refused. */
  'queue:end': QueueEndEvent;
  /** A call was answered with a fresh response from the cache. */
  'cache:hit': CacheHitEvent;
  /** The cache was asked, and the response, or the error, came from the upstream. */
  'cache:miss': CacheMissEvent;
  /** A call was answered with a stale response from the cache. */
  'cache:stale': CacheStaleEvent;
  /** A call was answered from the cache after the upstream had confirmed the response with 304. */
  'cache:revalidated': CacheRevalidatedEvent;
  /** A response was stored, or a stored one was updated. */
  'cache:stored': CacheStoredEvent;
  /** Stored responses of a URL were deleted. */
  'cache:evicted': CacheEvictedEvent;
  /** The cache has decided whether to store a response that came from the upstream. */
  'cache:decision': CacheDecisionEvent;
  /** A circuit breaker has opened, has closed, or lets a probe through; by itself or by hand. */
  breaker: BreakerEvent;
  /** An address of an origin with `addresses` is new or gone, gets no requests for a while because it fails, or gets them again. */
  address: AddressEvent;
  /** The adaptive concurrency limit of an origin has changed by a fifth or more since the last such event. */
  'concurrency:limit': ConcurrencyLimitEvent;
  /** A client has requested a token from an authorization server. */
  'token:renew': TokenRenewEvent;
  /** A socket is connected, with its TLS handshake done. */
  'socket:open': SocketOpenEvent;
  /** A socket was closed before it was connected, or before its TLS handshake was done. */
  'socket:fail': SocketFailEvent;
  /** An open socket was closed, by either side. */
  'socket:close': SocketCloseEvent;
  /** New certificates from `tls.files` are in use, or the files have become unusable or usable again. */
  'tls:reload': TlsReloadEvent;
  /** Replicas count limits together from now on, or each keeps to its share: the module's `shared` is available or not. */
  'shared:state': SharedStateEvent;
  /** A pool has begun to drain, or is closed with all its sockets. */
  'pool:state': PoolStateEvent;
}

/** The name of an event, for `HttpClientEvents.on` and `channelName`. */
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
  'cache:hit': true,
  'cache:miss': true,
  'cache:stale': true,
  'cache:revalidated': true,
  'cache:stored': true,
  'cache:evicted': true,
  'cache:decision': true,
  breaker: true,
  address: true,
  'concurrency:limit': true,
  'token:renew': true,
  'socket:open': true,
  'socket:fail': true,
  'socket:close': true,
  'tls:reload': true,
  'shared:state': true,
  'pool:state': true,
};

/** All event names, in the order of the catalogue. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly HttpClientEventName[];
