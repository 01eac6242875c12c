import { AsyncResource } from 'node:async_hooks';
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { noTimings, rounded, type Timings } from '../base/timings.js';
import type { Call } from '../call/call.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { AddressUse } from '../pool/addresses/address-set.js';
import type { Scheduling, SocketWish } from '../pool/fast-lane.js';
import { openingOf, openingTimes, whenConnected } from '../pool/socket-opening.js';
import { timesReused } from '../pool/socket-requests.js';
import { BodySender } from './body-sender.js';
import type { Engine, WireListener, WireRequest, WireResponse } from './engine.js';
import { phaseError } from './phase-error.js';
import { type Phase, type PhaseLimits, type PhaseOwner, PhaseTimer, type Progress } from './phase-timer.js';
import type { ExchangeRequest } from './request.js';
import { StreamedBody } from './streamed-body.js';

export interface ExchangeSettings {
  readonly pool: Pick<ConnectionPool, 'slots'>;
  readonly clock: Clock;
  readonly phases: PhaseLimits;
  readonly maxHeaderBytes: number;
}

/** Where an exchange goes, where that is not left to the pool. */
export interface ExchangeRoute {
  /** The address that was chosen for it; the exchange releases it. */
  readonly use: AddressUse | undefined;
  readonly scheduling: Scheduling | undefined;
}

/** For whom an exchange is made. Told at once of each step. */
export interface ExchangeOwner {
  readonly call: Call;
  /** The headers of the response have come, its body is unread. */
  responded(response: WireResponse, exchange: Exchange): void;
  /**
   * The exchange has failed, before the headers came or after.
   * @param error Node's, the reason of a cancellation, or the error for a phase
   */
  failed(error: unknown, exchange: Exchange): void;
}

/**
 * One request and its response, from the connecting of a socket to the end of the body. Whatever ends it early, a failure, a
 * phase that takes too long, a cancellation, destroys its socket: a half-read one must not return to the pool. It holds a slot of its
 * origin, and gives it back when it is over.
 *
 * It makes as few objects as it can, and no promise.
 */
export class Exchange implements PhaseOwner, WireListener {
  /** From `start` on, unless the engine refuses what it is given. */
  request!: WireRequest;
  /** Undefined: left to the pool. */
  readonly route: ExchangeRoute | undefined;
  readonly #origin: string;
  readonly #call: Call;
  #owner: ExchangeOwner | undefined;
  readonly #settings: ExchangeSettings;
  readonly #engine: Engine;
  readonly #phases: PhaseTimer;
  #ended = false;
  #sender: BodySender | undefined;
  #hasBody = false;
  /** Tells how much of the request has gone out, where its body is streamed. */
  #sent: Progress | undefined;
  #looks = 0;
  #responded = false;
  /** Whether all of the response has come, while the request is still going out. */
  #hasResponse = false;
  readonly #timings = noTimings();
  #startedAt = 0;
  /** When what `#timings` is to say next began. */
  #phaseBeganAt = 0;
  /** The async context of a streamed body: a phase that expires runs in that of whoever set the timer. */
  #context: AsyncResource | undefined;

  /**
   * @param origin whose slot it is given
   * @param engine what carries it
   */
  constructor(origin: string, owner: ExchangeOwner, settings: ExchangeSettings, engine: Engine, route?: ExchangeRoute) {
    this.route = route;
    this.#origin = origin;
    this.#call = owner.call;
    this.#owner = owner;
    this.#settings = settings;
    this.#engine = engine;
    this.#phases = new PhaseTimer(settings.clock, settings.phases, this);
  }

  phaseExpired(phase: Phase, delayMs: number): void {
    const error = phaseError(phase, this.#call, this.#settings.phases, delayMs);
    if (this.#context) this.#context.runInAsyncScope(this.fail, undefined, error);
    else this.fail(error);
  }

  /** When it was started, on the clock. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** Where its time went so far: complete when it is over. */
  get timings(): Timings {
    return this.#timings;
  }

  /**
   * Sends the request.
   * @throws what the engine refuses it with, or what its body has failed with
   */
  start(sent: ExchangeRequest, agent: Agent): void {
    const { maxHeaderBytes, clock } = this.#settings;
    const { cancellation, journal } = this.#call;
    const { body } = sent;
    this.#startedAt = clock.now();
    this.#phaseBeganAt = this.#startedAt;
    this.#timings.queueMs = rounded(journal.queuedMs);
    this.#hasBody = body !== undefined;
    try {
      if (body instanceof StreamedBody) body.assertUsable();
      this.request = this.#engine.send(sent, agent, this, maxHeaderBytes, this.wish);
    } catch (error) {
      this.#finish();
      throw error;
    }
    const { request } = this;
    this.#timings.reusedSocket = request.reusedSocket;
    if (request.reusedSocket) this.#awaitResponse(this.#startedAt);
    else this.#phases.enter('connect', undefined, this.#startedAt);
    cancellation.subscribe(this.fail);
    if (!(body instanceof StreamedBody)) request.end(body);
    else if (!this.#ended) {
      this.#sent = () => this.#bytesSent;
      this.#sender = new BodySender(body, request, this.fail);
      this.#sender.start();
    }
  }

  /** Which socket it is to have; undefined: left to the pool. */
  get wish(): SocketWish | undefined {
    const { route } = this;
    return route && { address: route.use?.address, scheduling: route.scheduling };
  }

  /** Whether it has ended, or would now, without a connection: nothing of the request was sent. */
  get isConnecting(): boolean {
    const { request } = this as { request: WireRequest | undefined };
    return request !== undefined && !request.reusedSocket && this.#phases.phase === 'connect';
  }

  /** Whether the headers of the response have come. */
  get hasResponded(): boolean {
    return this.#responded;
  }

  /** A part of the response's body has come. */
  progress(): void {
    if (!this.#ended) this.#phases.enter('bodyIdle', this.#sent);
  }

  /**
   * From here on, what comes from the socket counts as progress: nobody tells when somebody else reads the body. A body that has come, or
   * fills what Node keeps of it, waits for its reader.
   */
  watchSocket(response: Pick<WireResponse, 'complete' | 'readableLength' | 'readableHighWaterMark'>): void {
    const { request } = this;
    const { socket } = request;
    if (this.#ended || !socket) return;
    this.#context = new AsyncResource('nest-outbound stream');
    this.#phases.enter('bodyIdle', () => {
      const bytes = request.moved ?? socket.bytesRead + socket.bytesWritten;
      const waitsForReader = response.complete || response.readableLength >= response.readableHighWaterMark;
      return waitsForReader ? -1 - bytes : bytes;
    });
  }

  /** Whether its socket is the pool's again, or gone. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** Whether the request was sent on a socket that had carried another, and whose peer has not shown since that it is there. */
  get reusedSocket(): boolean {
    const { request } = this as { request: WireRequest | undefined };
    const socket = request?.socket;
    if (request?.moved !== undefined) return request.reusedSocket && request.ending !== 'reset';
    return socket ? timesReused(socket) > 0 : false;
  }

  /**
   * The response's body has ended: the socket is the pool's again, once the rest of the request's has gone out. An upstream that
   * takes no more of it has as long as for the next part of a body.
   */
  end(): void {
    const { request } = this;
    if (!this.#ended) this.#completeTimings();
    if (request.writableFinished || request.destroyed) this.#finishWell();
    else if (request.writableEnded || this.#sender?.isReading) {
      this.#hasResponse = true;
      request.once('finish', () => this.#finishWell());
    } else this.abandon(); // a body that was cut short
  }

  /**
   * A redirect takes over.
   * @param withBody whether it sends the body again
   * @returns whether all of the request was sent, so that its socket can be used again
   */
  handOver(withBody: boolean): boolean {
    const isReading = this.#sender?.isReading === true;
    if (withBody) this.#sender?.release();
    return !isReading;
  }

  /** Ends it early. The first reason counts. */
  readonly fail = (error: unknown): void => {
    if (this.#ended) return;
    const owner = this.#owner!;
    this.#finish();
    this.request.destroy(error as Error);
    owner.failed(error, this);
  };

  /** Ends it early because nobody wants the rest: no failure, but a socket less. */
  abandon(): void {
    if (this.#ended) return;
    this.#finish();
    (this.request as WireRequest | undefined)?.destroy(); // none was made where that threw
  }

  #finishWell(): void {
    if (this.#ended) return;
    this.#finish();
    this.request.giveBack?.();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timings.totalMs === undefined) this.#completeTimings();
    this.#phases.stop();
    this.#call.cancellation.unsubscribe(this.fail);
    this.#sender?.destroy();
    this.#owner = undefined;
    if (this.request) this.#engine.forget(this.request);
    this.#settings.pool.slots.release(this.#origin);
    this.route?.use?.release();
  }

  /** Without a response, as when the server switches protocols, which nobody here has asked for. */
  closed(): void {
    if (this.#hasResponse) this.#finish();
    if (this.#ended || this.#responded) return;
    this.fail(Object.assign(new Error('the connection was closed without a response'), { code: 'ECONNRESET' }));
  }

  onSocket(socket: Socket): void {
    try {
      whenConnected(socket, () => this.#onConnected());
    } catch (error) {
      this.fail(error); // it is no socket of Node's
    }
  }

  #onConnected(): void {
    if (this.#ended) return;
    const now = this.#settings.clock.now();
    this.#timings.reusedSocket = this.reusedSocket;
    this.#timeConnecting(now);
    this.#phaseBeganAt = now;
    this.#awaitResponse(now);
  }

  /** The headers of the response have come. */
  responded(response: WireResponse): void {
    if (this.#ended) return;
    this.#responded = true;
    // RFC 9112 §9.5: who is refused a body sends no more of it. An upstream that accepts it may answer early, too.
    if (response.statusCode! >= 400) this.#sender?.destroy();
    const now = this.#phases.enter('bodyIdle', this.#sent);
    this.#timings.firstByteMs = rounded(now - this.#phaseBeganAt);
    this.#phaseBeganAt = now;
    this.#owner!.responded(response, this);
  }

  #awaitResponse(now: number): void {
    this.#phases.enter('response', this.#hasBody ? () => this.#requestProgress() : undefined, now);
  }

  /** It is over: the phase that it is in ends with it. */
  #completeTimings(): void {
    const now = this.#settings.clock.now();
    const ms = rounded(now - this.#phaseBeganAt);
    if (this.#responded) this.#timings.bodyMs = ms;
    else if (this.#phases.phase === 'response') this.#timings.firstByteMs = ms;
    else if (this.request) this.#timeConnecting(now);
    this.#timings.totalMs = rounded(now - this.#call.journal.startedAt);
  }

  /** Without a socket so far, it waits for a tunnel. */
  #timeConnecting(now: number): void {
    const { socket } = this.request;
    const opening = socket && openingOf(socket);
    if (opening) Object.assign(this.#timings, openingTimes(opening, this.#startedAt, now));
    else this.#timings.connectMs = rounded(now - this.#startedAt);
  }

  /**
   * A body that is still going out is progress; the wait for the answer begins when all of it is sent. So is one that its stream
   * does not go on with, which is no fault of the upstream's: that is bounded by the attempt timeout.
   */
  #requestProgress(): number {
    if (this.request.writableFinished) return Infinity;
    return this.#sender?.waitsForSource ? 0.5 + this.#looks++ : this.#bytesSent; // bytes are whole
  }

  get #bytesSent(): number {
    return this.request.moved ?? this.request.socket?.bytesWritten ?? 0;
  }
}
