import type { AxiosResponse } from 'axios';
import type { Agent } from 'node:http';
import { rememberRepeatedLoss } from '../base/lost-peer.js';
import { noteAnswer } from '../call/annotate.js';
import type { Call, Handler } from '../call/call.js';
import type { EventSink } from '../call/event-sink.js';
import { isDelegated, type RequestTarget, requestTarget } from '../call/target.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import { unguardedSetting } from '../guard/address-guard.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { type BalancedWay, noteAnswered, noteFailed } from './addressed.js';
import { callSettings, type TimedSettings } from './call-settings.js';
import { Delivery, type DeliveryOwner, type DeliverySettings } from './delivery.js';
import type { Engine, WireResponse } from './engine.js';
import { publishRedirect, publishReplay } from './events.js';
import { attemptError, sendingError } from './failure.js';
import { Exchange, type ExchangeOwner, type ExchangeSettings } from './exchange.js';
import { admitThroughProxy } from './guarded-target.js';
import { nodeEngine } from './node-engine.js';
import { hasIdleSockets, isKnownLoss, sendTrusting, socketsSeen } from './pooled-socket.js';
import { forwardedRequest } from './proxies.js';
import { leave, type Opened, redirectedRequest, type RedirectSettings, tooManyRedirects } from './redirects.js';
import { type ExchangeRequest, firstRequest } from './request.js';
import { hasRepeatableBody, isRepeatable, isSentAgain, wasRefused } from './resend.js';
import { refusalOf } from './response-headers.js';
import { slotAfter, type SlotSettings } from './socket-slot.js';
import { StreamedBody } from './streamed-body.js';
import type { Routing } from './transport.js';

export interface AttemptSettings
  extends ExchangeSettings, DeliverySettings, SlotSettings, RedirectSettings, TimedSettings {
  readonly pool: ConnectionPool;
  /** What carries requests, where it can. */
  readonly engine: Engine;
  readonly events: EventSink;
  /** The client's own `proxy`, which its calls have unless they set another. */
  readonly ownProxy?: URL | undefined;
}

/**
 * One attempt at a call, in these steps:
 *
 *     begin → open → take a slot → send → headers → follow a redirect, then open again
 *                                       ↘ replay    ↘ deliver → settle
 *                                       ↘ connect to another address, where there are several
 *
 * Each step calls the next, at once unless something has to be waited for. Any of them may fail. There is one promise for all of it. Once
 * the attempt is over it holds nothing any more: whoever keeps the response would keep it, too.
 */
export class Attempt implements ExchangeOwner, DeliveryOwner {
  readonly call: Call;
  #settings: AttemptSettings;
  readonly #routing: Routing;
  readonly #resolve: (response: AxiosResponse) => void;
  readonly #reject: (error: unknown) => void;
  /** Its streamed body is for all exchanges of the attempt. */
  #first: ExchangeRequest | undefined;
  /** What is asked for, since the last redirect. */
  #request!: ExchangeRequest;
  #proxy: URL | undefined;
  /** Undefined: which socket is used is left to the pool. */
  #way: BalancedWay | undefined;
  /** The request as it goes on the wire: a proxy may forward it. */
  #sent!: ExchangeRequest;
  /** What carries it. */
  #engine!: Engine;
  /** The one that is waited for. */
  #exchange: Exchange | undefined;
  /** Whether it sends the same request for the second time. */
  #isReplay = false;
  #redirects = 0;
  /** How often the upstream has said that it did not look at the request. */
  #refusals = 0;
  /** What led to the current request, until that has a response. */
  #redirect: Opened | undefined;
  /** Of the response that is no redirect, once it has begun. */
  #delivery: Delivery | undefined;

  /** What carries calls: each is one attempt. */
  static handler(settings: AttemptSettings, routing: Routing): Handler {
    return (call) => new Promise((resolve, reject) => new Attempt(call, settings, routing, resolve, reject).#begin());
  }

  private constructor(
    call: Call,
    settings: AttemptSettings,
    routing: Routing,
    resolve: (response: AxiosResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.call = call;
    this.#settings = settings;
    this.#routing = routing;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  #begin(): void {
    const { call } = this;
    const { config } = call;
    const { pool, ownProxy } = this.#settings;
    try {
      const setting = pool.guard && unguardedSetting(config, ownProxy);
      if (setting !== undefined) throw AddressBlockedError.bySetting(call, setting);
      const target = isDelegated(config, this.#settings.engine.speaksHttp2) ? undefined : requestTarget(config);
      if (!target) {
        // axios has the error for a scheme other than http and https
        void this.#after(this.#routing.viaAxios(call), (response) => this.delivered(response));
        return;
      }
      const { loading } = this.#settings.engine;
      if (loading) void this.#after(loading, () => this.#prepare(target));
      else this.#prepare(target);
    } catch (error) {
      this.#fail(error);
    }
  }

  #prepare(target: RequestTarget): void {
    const first = firstRequest(this.call, target);
    if (first instanceof Promise) void this.#after(first, (request) => this.#openFirst(request));
    else this.#openFirst(first);
  }

  /** The next step, after one that takes time. */
  async #after<Result>(step: Promise<Result>, next: (result: Result) => void): Promise<void> {
    try {
      next(await step);
    } catch (error) {
      this.#failBeforeBody(error);
    }
  }

  #openFirst(request: ExchangeRequest): void {
    this.#first = request;
    this.#settings = callSettings(this.#settings, this.call);
    try {
      this.#open(request);
    } catch (error) {
      this.#failBeforeBody(error);
    }
  }

  /** @throws AddressBlockedError */
  #open(request: ExchangeRequest): void {
    const { call } = this;
    const { target } = request;
    const rule = this.#settings.pool.guard?.judgeOrigin(target.origin);
    if (rule !== undefined) throw new AddressBlockedError(call, rule, true);
    this.#request = request;
    this.#isReplay = false;
    this.#proxy = this.#routing.findProxy(call.config, target);
    this.#sent = this.#isForwarded ? forwardedRequest(request, this.#proxy!) : request;
    this.#way = this.#routing.wayTo?.(target, this.#proxy);
    let { engine } = this.#settings;
    while (!engine.carries(this.#sent)) engine = engine.otherwise ?? nodeEngine;
    this.#engine = engine;
    this.#admit();
  }

  get #isForwarded(): boolean {
    return this.#proxy !== undefined && !this.#request.target.secure;
  }

  /** A proxy resolves the name each time, so it is judged each time. Where there are addresses to choose from, they must be known. */
  #admit(isElsewhere = false): void {
    const { guard } = this.#settings.pool;
    const wait =
      guard && this.#isForwarded
        ? admitThroughProxy(guard, this.#request.target, this.call, this.#settings)
        : this.#way?.whenKnown(this.call, this.#settings);
    if (wait) void this.#after(wait, () => this.#takeSlot(isElsewhere));
    else this.#takeSlot(isElsewhere);
  }

  #takeSlot(isElsewhere: boolean): void {
    const { origin } = this.#sent.target;
    if (this.#isReplay && !isElsewhere) publishReplay(this.#settings.events, this.call);
    if (this.#settings.pool.slots.take(origin)) this.#chooseSocket();
    else void this.#after(slotAfter(this.#redirect, origin, this.call, this.#settings), () => this.#chooseSocket());
  }

  #chooseSocket(): void {
    const { pool, clock } = this.#settings;
    const { target } = this.#request;
    if (isRepeatable(this.#sent) || !hasIdleSockets(this.#agentFor(target))) this.#send(Infinity);
    else {
      const restedSince = clock.now();
      void this.#after(socketsSeen(this.#sent.target.origin, this.call, pool), () => this.#send(restedSince));
    }
  }

  #agentFor(target: RequestTarget): Agent {
    return this.#routing.agentFor(target, this.#proxy, this.#engine.sockets);
  }

  /** @param restedSince see `sendTrusting` */
  #send(restedSince: number): void {
    const { call } = this;
    const { pool } = this.#settings;
    const agent = this.#agentFor(this.#request.target); // now: one that nobody uses may be forgotten
    const { origin } = this.#sent.target;
    const route = this.#way?.next(origin, call, pool.slots);
    const exchange = new Exchange(origin, this, this.#settings, this.#engine, route);
    this.#exchange = exchange;
    if (this.#isReplay) call.journal.trustsSince = Infinity;
    try {
      if (restedSince === Infinity && call.journal.trustsSince === -Infinity) exchange.start(this.#sent, agent);
      else sendTrusting(exchange, this.#sent, agent, call, pool, restedSince);
    } catch (error) {
      this.failed(error, exchange);
    }
  }

  responded(response: WireResponse, exchange: Exchange): void {
    const { call } = this;
    if (exchange.route?.use) noteAnswered(exchange.route.use, response.statusCode!, exchange.timings);
    const refusal = refusalOf(response, call);
    if (refusal) {
      exchange.abandon();
      this.failed(refusal, exchange);
      return;
    }
    try {
      if (this.#redirect) void leave(this.#redirect);
      this.#redirect = undefined;
      const opened = { origin: this.#sent.target.origin, exchange, response };
      const { maxRedirects = this.#settings.redirects.max } = call.config;
      const next = maxRedirects > 0 ? redirectedRequest(this.#request, opened, call, this.#settings) : undefined;
      if (next) this.#follow(next, opened, maxRedirects);
      else {
        this.#delivery = new Delivery(this, opened, this.#settings);
        this.#delivery.begin(this.#request);
      }
    } catch (error) {
      if (!this.#redirect) exchange.abandon(); // no redirect of it was found for what it was asked with
      this.#failBeforeBody(error);
    }
  }

  #follow(next: ExchangeRequest, redirect: Opened, maxRedirects: number): void {
    const { call } = this;
    this.#redirect = redirect;
    if (this.#redirects++ >= maxRedirects) throw tooManyRedirects(call.config, redirect.exchange.request);
    publishRedirect(this.#settings.events, call, redirect.response.statusCode!, next.target.origin);
    // By then what there is of the redirect has been read, and its socket is free.
    void this.#after(nextMicrotask(), () => this.#open(next));
  }

  delivered(response: AxiosResponse): void {
    const { call } = this;
    if (response.request) call.journal.hasAnswer = true; // that of a data: URL has none
    this.#resolve(noteAnswer(response, call));
    this.#letGo();
  }

  undeliverable(error: unknown): void {
    this.#fail(error);
  }

  failed(error: unknown, exchange: Exchange): void {
    if (exchange !== this.#exchange || exchange === this.#redirect?.exchange) return; // nobody waits for it any more
    const use = exchange.route?.use;
    if (use) noteFailed(use, error, exchange, this.#settings.clock);
    try {
      if (this.#delivery) this.#delivery.failed(error);
      else this.#failSending(error, exchange);
    } catch (failure) {
      this.#failBeforeBody(failure);
    }
  }

  /** Unless its pooled socket turned out to be dead: then the same request is sent once more, on a fresh one. */
  #failSending(error: unknown, exchange: Exchange): void {
    const { call } = this;
    const sent = this.#sent;
    const isFirst = !this.#isReplay;
    const isKnown = isFirst && isKnownLoss(error, exchange, sent.target.origin, call, this.#settings);
    const isRefused = wasRefused(exchange) && this.#refusals++ < MAX_REFUSALS;
    if (isSentAgain(error, exchange, sent, { isFirst, isRefused }, call)) {
      this.#isReplay = true;
      void this.#after(nextMicrotask(), () => this.#admit());
      return;
    }
    if (this.#way?.canGoElsewhere(error, exchange, call) && hasRepeatableBody(sent)) {
      void this.#after(nextMicrotask(), () => this.#admit(true));
      return;
    }
    exchange.abandon();
    const failure = sendingError(error, exchange, call, this.#settings.maxHeaderBytes);
    if (isKnown) rememberRepeatedLoss(failure);
    this.#failBeforeBody(failure);
  }

  #failBeforeBody(error: unknown): void {
    if (this.#redirect) void leave(this.#redirect);
    if (this.#first?.body instanceof StreamedBody) this.#first.body.destroy();
    this.#fail(error);
  }

  #fail(thrown: unknown): void {
    try {
      this.#reject(attemptError(thrown, this.call, this.#exchange?.timings, this.#settings));
    } catch (failure) {
      this.#reject(failure);
    }
    this.#letGo();
  }

  /** The body of a stream may still fail. */
  #letGo(): void {
    this.#first = undefined;
    this.#way = undefined;
    this.#redirect = undefined;
    if (this.#delivery?.isStream) return;
    this.#delivery = undefined;
    this.#exchange = undefined;
  }
}

/** An upstream that restarts ends one session after another. */
const MAX_REFUSALS = 3;

/** A step that is not to be within an event of the exchange before. */
async function nextMicrotask(): Promise<void> {}
