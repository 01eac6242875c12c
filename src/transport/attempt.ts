import type { Agent, IncomingMessage } from 'node:http';
import { onBodyEnd } from '../base/body-end.js';
import type { Clock } from '../base/clock.js';
import { diedOnStaleSocket, isIdempotent, mayHaveLostPeer, rememberRepeatedLoss } from '../base/lost-peer.js';
import { loopTurn } from '../base/turns.js';
import type { Call } from '../call/call.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import {
  BodyTimeoutError,
  BodyUnreadError,
  ConnectTimeoutError,
  ResponseTimeoutError,
} from '../errors/timeout.errors.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { publishReplay } from './events.js';
import { Exchange } from './exchange.js';
import { admitThroughProxy, blockedError } from './guarded-target.js';
import type { Phase, PhaseLimits } from './phase-timer.js';
import { forwardedRequest } from './proxies.js';
import type { ExchangeRequest } from './request.js';
import { explainedOverflow, refusalOf } from './response-headers.js';
import { asAxiosError } from './response.js';
import { type SlotSettings, waitForSlot } from './socket-slot.js';
import { StreamedBody } from './streamed-body.js';
import type { Routing } from './transport.js';

interface CallExchangeSettings {
  readonly pool: Pick<ConnectionPool, 'slots'>;
  readonly clock: Clock;
  readonly phases: PhaseLimits;
  readonly maxHeaderBytes: number;
}

const PHASE_ERRORS: Readonly<Record<Phase, new (call: Call, ms: number, delayMs: number) => Error>> = {
  connect: ConnectTimeoutError,
  response: ResponseTimeoutError,
  bodyIdle: BodyTimeoutError,
  readerIdle: BodyUnreadError,
};

/** An exchange made for a call, which holds a slot of its origin and gives it back. */
class CallExchange extends Exchange {
  readonly #call: Call;
  readonly #settings: CallExchangeSettings;
  readonly #origin: string;

  constructor({ target }: ExchangeRequest, agent: Agent, call: Call, settings: CallExchangeSettings) {
    const { phases: limits, maxHeaderBytes, clock } = settings;
    const { cancellation, journal } = call;
    super({ agent, limits, maxHeaderBytes, clock, cancellation, journal });
    this.#call = call;
    this.#settings = settings;
    this.#origin = target.origin;
  }

  protected phaseError(phase: Phase, delayMs: number): Error {
    return new PHASE_ERRORS[phase](this.#call, this.#settings.phases[phase] as number, delayMs);
  }

  protected ended(): void {
    this.#settings.pool.slots.release(this.#origin);
  }
}

export interface OpenSettings extends CallExchangeSettings, SlotSettings {
  readonly pool: ConnectionPool;
}

/** What an attempt has come to. */
export interface Trace {
  /** The last one. */
  exchange: Exchange | undefined;
}

/** An exchange whose response has begun. */
export interface Opened {
  /** Whose slot it holds. */
  readonly origin: string;
  readonly exchange: Exchange;
  readonly response: IncomingMessage;
}

/**
 * Nobody waits any more for what is left of a response that redirects: it may never come.
 * @returns once its slot is free, or a promise of it where that takes a tick
 */
export function leave({ exchange, response }: Opened): void | Promise<void> {
  if (!response.complete || !exchange.request.writableFinished) exchange.abandon();
  if (!exchange.isOver) return new Promise((resolve) => onBodyEnd(response, () => resolve()));
}

/**
 * Sends a request until it has response headers: twice where the first time its pooled socket turned out to be dead and
 * the request may be repeated and the origin's budget allows it, the second time on a fresh socket.
 * @param redirect what led here: it gives up its slot before this request waits for one, which may be the very same
 * @throws AddressBlockedError, HeadersTooLargeError, AxiosError, or what waiting for a socket and the exchange fail with
 */
export async function openExchange(
  request: ExchangeRequest,
  call: Call,
  trace: Trace,
  settings: OpenSettings,
  routing: Routing,
  redirect?: Opened,
): Promise<Opened> {
  const { pool } = settings;
  const { guard } = pool;
  const { target } = request;
  const { secure } = target;
  const rule = guard?.judgeOrigin(target.origin);
  if (rule !== undefined) throw new AddressBlockedError(call, rule, true);
  const proxy = routing.findProxy(call.config, target);
  const forwards = proxy !== undefined && !secure;
  if (guard && forwards) await admitThroughProxy(guard, target, call, settings);
  const sent = forwards ? forwardedRequest(request, proxy) : request;
  const { origin } = sent.target;
  if (!pool.slots.take(origin)) await slotAfter(redirect, origin, call, settings);
  let agent = routing.agentFor(target, proxy); // now: one that nobody uses may be forgotten
  let restedSince = Infinity;
  if (!isRepeatable(sent) && hasIdleSockets(agent)) {
    restedSince = settings.clock.now();
    await turnOfLoop(origin, call, pool);
    agent = routing.agentFor(target, proxy);
  }
  const exchange = new CallExchange(sent, agent, call, settings);
  trace.exchange = exchange;
  try {
    return opened(exchange, origin, await begin(exchange, sent, agent, call, pool, restedSince), call);
  } catch (error) {
    const isKnown = isKnownLoss(error, exchange, origin, call, settings);
    // Whether it may be repeated is asked last: it takes from the budget.
    if (!diedOnStaleSocket(error, exchange.reusedSocket) || !isRepeatable(sent) || call.mayRepeat?.() === false) {
      exchange.abandon();
      const failed = failure(error, exchange, call, settings);
      if (isKnown) rememberRepeatedLoss(failed);
      throw failed;
    }
  }
  if (guard && forwards) await admitThroughProxy(guard, target, call, settings); // the proxy resolves the name anew
  publishReplay(settings.events, call);
  if (!pool.slots.take(origin)) await slotAfter(redirect, origin, call, settings);
  const fresh = routing.agentFor(target, proxy);
  const replay = new CallExchange(sent, fresh, call, settings);
  trace.exchange = replay;
  try {
    call.journal.trustsSince = Infinity;
    return opened(replay, origin, await begin(replay, sent, fresh, call, pool, Infinity), call);
  } catch (error) {
    replay.abandon();
    throw failure(error, replay, call, settings);
  }
}

async function slotAfter(redirect: Opened | undefined, origin: string, call: Call, settings: SlotSettings) {
  if (redirect) {
    await leave(redirect);
    if (settings.pool.slots.take(origin)) return;
  }
  await waitForSlot(origin, call, settings);
}

/**
 * A socket that has just become idle, or was for as long as this process was busy, may be closed by its server already, and nobody has seen
 * it yet. A request that may be repeated finds out; another waits until the sockets have been looked at.
 * @throws what the call is cancelled with
 */
async function turnOfLoop(origin: string, { cancellation }: Call, pool: ConnectionPool): Promise<void> {
  await loopTurn();
  if (!cancellation.reason) return;
  pool.slots.release(origin);
  throw cancellation.reason;
}

function hasIdleSockets({ freeSockets }: Agent): boolean {
  for (const name in freeSockets) if (freeSockets[name]!.length > 0) return true;
  return false;
}

/**
 * Sends the request on an idle socket that the call trusts, or else on a fresh one.
 * @param restedSince the socket is to have been idle since then
 */
function begin(
  exchange: Exchange,
  request: ExchangeRequest,
  agent: Agent,
  { journal }: Call,
  pool: ConnectionPool,
  restedSince: number,
): Promise<IncomingMessage> {
  const { trustsSince } = journal;
  if (trustsSince === -Infinity) {
    if (restedSince === Infinity) return exchange.start(request);
    return pool.onRestedSocket(agent, restedSince, () => exchange.start(request));
  }
  journal.trustsSince = -Infinity; // one request is enough to find out
  if (pool.hasIdleSince(request.target.origin, agent, trustsSince)) return exchange.start(request);
  return pool.onFreshSocket(agent, () => exchange.start(request));
}

/**
 * Draws the conclusions where a request may have found its pooled socket's peer gone: they hold for other sockets of the pool, and what is
 * next sent for this call gets a fresh one.
 * @returns whether that was known already, from another request
 */
function isKnownLoss(
  error: unknown,
  { reusedSocket, request, startedAt }: Exchange,
  origin: string,
  { journal }: Call,
  { pool, clock }: OpenSettings,
): boolean {
  if (!reusedSocket || !mayHaveLostPeer(error, clock.now() - startedAt)) return false;
  journal.trustsSince = Infinity;
  return !pool.distrust(origin, request.socket!, startedAt);
}

function isRepeatable({ method, headers, body }: ExchangeRequest): boolean {
  return isIdempotent(method, headers) && !(body instanceof StreamedBody && !body.isRepeatable);
}

function opened(exchange: Exchange, origin: string, response: IncomingMessage, call: Call): Opened {
  const refusal = refusalOf(response, call);
  if (!refusal) return { origin, exchange, response };
  exchange.abandon();
  throw refusal;
}

function failure(error: unknown, exchange: Exchange, call: Call, { maxHeaderBytes }: OpenSettings): unknown {
  const explained = blockedError(error, call) ?? explainedOverflow(error, call, maxHeaderBytes);
  return asAxiosError(explained, call, exchange.request);
}
