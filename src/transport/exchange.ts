import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';
import { ORIGIN } from '../pool/agent-names.js';
import { timesReused } from '../pool/times-reused.js';
import type { Cancellation } from './cancellation.js';
import { type Phase, type PhaseLimits, type PhaseOwner, PhaseTimer } from './phase-timer.js';
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

type RequestOptions = http.RequestOptions & { [ORIGIN]?: string };

/** What an exchange runs in. */
export interface ExchangeContext {
  readonly agent: http.Agent;
  readonly limits: PhaseLimits;
  readonly clock: Clock;
  readonly cancellation: Cancellation;
}

/**
 * One request and its response, from the connecting of a socket to the end of the body. Whatever ends it early, a failure, a
 * phase that takes too long, a cancellation, destroys its socket: a half-read one must not return to the pool.
 *
 * What its errors are is its subclass's to say. (Not functions in the context: an exchange makes as few objects as it can.)
 */
export abstract class Exchange implements PhaseOwner {
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
    this.#phases = new PhaseTimer(context.clock, context.limits, this);
  }

  /** The error for a phase that lasted too long. */
  protected abstract phaseError(phase: Phase): Error;

  /** Called once, when the exchange is over. */
  protected abstract ended(): void;

  phaseExpired(phase: Phase): void {
    this.fail(this.phaseError(phase));
  }

  /**
   * Sends the request.
   * @returns the response with its headers, its body unread
   * @throws Node's error, the reason of a cancellation, or the error for a phase
   */
  start({ target, method, headers, auth, family, body }: ExchangeRequest): Promise<http.IncomingMessage> {
    const { agent, cancellation } = this.#context;
    const { request } = target.secure ? https : http;
    this.#hasBody = body !== undefined;
    try {
      const options: RequestOptions = { agent, hostname: target.hostname, path: target.path, method, headers };
      // Node copies them three times, so what is not needed is left out.
      if (target.port) options.port = target.port;
      if (target.socketPath) options.socketPath = target.socketPath;
      if (auth) options.auth = auth;
      if (family !== undefined) options.family = family;
      if (target.secure) options[ORIGIN] = target.origin;
      this.request = request(options);
    } catch (error) {
      this.end();
      throw error;
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.request.reusedSocket) this.#awaitResponse();
      else {
        this.#phases.enter('connect');
        this.request.on('socket', (socket) => this.#onSocket(socket));
      }
      this.request.on('response', (response) => this.#onResponse(response));
      this.request.on('error', this.fail);
      this.request.on('close', () => this.#onClose());
      cancellation.subscribe(this.fail);
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
    this.#context.cancellation.unsubscribe(this.fail);
    this.ended();
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

  #onSocket(socket: Socket): void {
    if (this.#ended) return;
    if (isConnected(socket)) this.#awaitResponse();
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#awaitResponse());
  }

  /** Without a response, as when the server switches protocols, which nobody here has asked for. */
  #onClose(): void {
    if (this.#ended || this.#responded) return;
    this.fail(Object.assign(new Error('the connection was closed without a response'), { code: 'ECONNRESET' }));
  }

  #onResponse(response: http.IncomingMessage): void {
    if (this.#ended) return;
    this.#responded = true;
    this.#phases.enter('bodyIdle');
    this.#resolve(response);
  }

  #awaitResponse(): void {
    if (this.#ended) return;
    const { request } = this;
    // A large body that is still going out is progress; the wait for the answer begins when all of it is sent.
    const bytesSent = () => (request.writableFinished ? -1 : (request.socket?.bytesWritten ?? 0));
    this.#phases.enter('response', this.#hasBody ? bytesSent : undefined);
  }
}

/** A socket whose TLS handshake is not done has no protocol yet. */
function isConnected(socket: Socket): boolean {
  return !socket.connecting && (!('encrypted' in socket) || (socket as TLSSocket).getProtocol() !== null);
}
