import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { GenericAbortSignal } from 'axios';
import type { Clock } from '../clock.js';
import { timesReused } from '../pool/times-reused.js';
import type { Cancellation } from './cancellation.js';
import { type Phase, type PhaseLimits, PhaseTimer } from './phase-timer.js';
import type { RequestHeaders } from './request-headers.js';
import type { RequestTarget } from './request-target.js';

/** One request as it goes on the wire. */
export interface ExchangeRequest {
  readonly target: RequestTarget;
  readonly method: string;
  readonly headers: RequestHeaders;
  /** `user:password` for basic authentication; empty for none. */
  readonly auth: string;
  readonly family: number | undefined;
  readonly body: Buffer | undefined;
}

/** What an exchange runs in. */
export interface ExchangeContext {
  readonly agent: http.Agent;
  readonly limits: PhaseLimits;
  readonly clock: Clock;
  readonly cancellation: Cancellation;
  /** The error for a phase that lasted too long. */
  readonly phaseError: (phase: Phase) => Error;
  /** The caller's, if there is one. */
  readonly signal: GenericAbortSignal | undefined;
  /** The error for the caller's signal. */
  readonly aborted: (request: http.ClientRequest) => Error;
  /** Called once, when the exchange is over. */
  readonly ended: (request: http.ClientRequest | undefined) => void;
}

/**
 * One request and its response, from the connecting of a socket to the end of the body. Whatever ends it early, a failure, a
 * phase that takes too long, a cancellation, destroys its socket: a half-read one must not return to the pool.
 */
export class Exchange {
  /** From `start` on, unless Node refuses what it is given. */
  request!: http.ClientRequest;
  readonly #context: ExchangeContext;
  readonly #phases: PhaseTimer;
  #resolve!: (response: http.IncomingMessage) => void;
  #reject!: (error: unknown) => void;
  #ended = false;
  #hasBody = false;
  #responded = false;
  #failure: { readonly reason: unknown } | undefined;
  #onFailure: ((error: unknown) => void) | undefined;

  constructor(context: ExchangeContext) {
    this.#context = context;
    this.#phases = new PhaseTimer(context.clock, context.limits, (phase) => this.fail(context.phaseError(phase)));
  }

  /**
   * Sends the request.
   * @returns the response with its headers, its body unread
   * @throws Node's error, the reason of a cancellation, or the error for a phase
   */
  start({ target, method, headers, auth, family, body }: ExchangeRequest): Promise<http.IncomingMessage> {
    const { agent, cancellation, signal } = this.#context;
    const { request } = target.secure ? https : http;
    this.#hasBody = body !== undefined;
    try {
      this.request = request({
        agent,
        protocol: target.secure ? 'https:' : 'http:',
        hostname: target.hostname,
        port: target.port,
        path: target.path,
        method,
        headers,
        socketPath: target.socketPath,
        auth: auth || undefined,
        family,
      });
    } catch (error) {
      this.end();
      throw error;
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#phases.enter('connect');
      this.request.on('socket', this.#onSocket);
      this.request.on('response', this.#onResponse);
      this.request.on('error', this.fail);
      this.request.on('close', this.#onClose);
      cancellation.subscribe(this.fail);
      if (signal) {
        if (signal.aborted) this.#onAbort();
        else signal.addEventListener?.('abort', this.#onAbort);
      }
      this.request.end(body);
    });
  }

  /** A part of the body has come. */
  progress(): void {
    if (!this.#ended) this.#phases.enter('bodyIdle');
  }

  /** From here on, what comes from the socket counts as progress: nobody tells when somebody else reads the body. */
  watchSocket(): void {
    const { socket } = this.request;
    if (!this.#ended && socket) this.#phases.enter('bodyIdle', () => socket.bytesRead);
  }

  /** Tells a listener when the exchange fails after its headers have come: at once if it already has. */
  onFailure(listener: (error: unknown) => void): void {
    this.#onFailure = listener;
    if (this.#failure) listener(this.#failure.reason);
  }

  /** Whether the request was sent on a socket that had carried another. */
  get reusedSocket(): boolean {
    const socket = this.request?.socket;
    return socket ? timesReused(socket) > 0 : false;
  }

  /** The body has ended: the socket is the pool's again. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#phases.stop();
    const { cancellation, signal, ended } = this.#context;
    cancellation.unsubscribe(this.fail);
    signal?.removeEventListener?.('abort', this.#onAbort);
    ended(this.request);
  }

  /** Ends it early. The first reason counts. */
  readonly fail = (error: unknown): void => {
    if (this.#ended) return;
    this.#failure = { reason: error };
    this.end();
    this.request.destroy(error as Error);
    if (this.#onFailure) this.#onFailure(error);
    else this.#reject(error);
  };

  /** Ends it early because nobody wants the rest: no failure, but a socket less. */
  abandon(): void {
    if (this.#ended) return;
    this.end();
    this.request.destroy();
  }

  readonly #onAbort = (): void => this.fail(this.#context.aborted(this.request));

  readonly #onSocket = (socket: Socket): void => {
    if (this.#ended) return;
    if (this.request.reusedSocket || isConnected(socket)) {
      this.#awaitResponse(socket);
      return;
    }
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#awaitResponse(socket));
  };

  /** Without a response, as when the server switches protocols, which nobody here has asked for. */
  readonly #onClose = (): void => {
    if (this.#ended || this.#responded) return;
    this.fail(Object.assign(new Error('the connection was closed without a response'), { code: 'ECONNRESET' }));
  };

  readonly #onResponse = (response: http.IncomingMessage): void => {
    if (this.#ended) return;
    this.#responded = true;
    this.#phases.enter('bodyIdle');
    this.#resolve(response);
  };

  #awaitResponse(socket: Socket): void {
    if (this.#ended) return;
    const { request } = this;
    // A large body that is still going out is progress; the wait for the answer begins when all of it is sent.
    this.#phases.enter(
      'response',
      this.#hasBody ? () => (request.writableFinished ? -1 : socket.bytesWritten) : undefined,
    );
  }
}

/** A socket whose TLS handshake is not done has no protocol yet. */
function isConnected(socket: Socket): boolean {
  return !socket.connecting && (!('encrypted' in socket) || (socket as TLSSocket).getProtocol() !== null);
}
