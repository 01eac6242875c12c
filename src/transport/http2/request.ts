import { AsyncResource } from 'node:async_hooks';
import type { Agent } from 'node:http';
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { PooledSession } from '../../pool/http2/session.js';
import type { SessionLane, StreamUser } from '../../pool/http2/session-lane.js';
import type { Engine, WireListener, WireRequest, WireResponse } from '../engine.js';
import type { ExchangeRequest } from '../request.js';
import type { Chunk } from '../streamed-body.js';
import { failureOf } from './failures.js';
import { coded, headerOf, http2Headers } from './headers.js';
import { Incoming, type ResponseTaker } from './incoming.js';
import { Outgoing } from './outgoing.js';
import type { Http2Response } from './response.js';

export interface Http2RequestSettings {
  readonly agent: Agent;
  readonly lane: SessionLane;
  /** Carries it where the upstream speaks HTTP/1.1. */
  readonly http1: Engine;
  readonly maxHeaderBytes: number;
}

/**
 * One request over HTTP/2: a stream of a session. Where its socket turns out to speak HTTP/1.1, another engine carries it on that socket, and this hands on what
 * is asked of it.
 */
export class Http2Request implements WireRequest, StreamUser, ResponseTaker {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  destroyed = false;
  reusedSocket = false;
  #sent: ExchangeRequest | undefined;
  #headers: OutgoingHttpHeaders | undefined;
  #listener: WireListener | undefined;
  readonly #settings: Http2RequestSettings;
  #session: PooledSession | undefined;
  #stream: ClientHttp2Stream | undefined;
  #http1: WireRequest | undefined;
  #opening: Socket | undefined;
  readonly #outgoing = new Outgoing();
  #incoming: Incoming | undefined;
  /** Runs what other requests set off in the async context of this one. */
  #context: AsyncResource | undefined;
  #unclaimedBefore = 0;
  #ending: WireRequest['ending'];
  /** Whether the session may give its place to another: a stream that is being closed takes none. */
  #hasLeft = false;

  /** @throws Node's error where it cannot be sent */
  constructor(sent: ExchangeRequest, listener: WireListener, settings: Http2RequestSettings) {
    this.method = sent.method;
    this.path = sent.target.path;
    this.host = sent.target.hostname;
    this.protocol = sent.target.secure ? 'https:' : 'http:';
    this.#sent = sent;
    this.#listener = listener;
    this.#settings = settings;
    this.#headers = http2Headers(sent);
  }

  /** Asks for a stream, and may have one at once. */
  start(): void {
    this.#settings.lane.take(this);
    if (this.#session || this.#http1) return;
    this.#context = new AsyncResource('nest-outbound stream');
  }

  // From the lane:

  opening(socket: Socket): void {
    this.#opening = socket;
  }

  gotStream(session: PooledSession): void {
    this.#session = session;
    this.reusedSocket = this.#context === undefined || session.hasAnswered;
    this.#inContext(() => {
      if (this.#context) this.#listener?.onSocket(session.socket);
      this.#dispatch();
    });
  }

  gotSocket(socket: Socket, isReused: boolean): void {
    const { agent, http1, maxHeaderBytes } = this.#settings;
    const addRequest = (request: { onSocket(socket: Socket): void }) => request.onSocket(socket);
    const oneSocket: Agent = Object.create(agent, { addRequest: { value: addRequest } });
    const listener: WireListener = {
      onSocket: (of) => this.#listener?.onSocket(of),
      responded: (response) => this.#listener?.responded(response),
      fail: (error) => this.#listener?.fail(error),
      closed: () => this.#listener?.closed(),
    };
    this.#inContext(() => {
      try {
        const request = http1.send(this.#sent!, oneSocket, listener, maxHeaderBytes, undefined);
        (request as { reusedSocket: boolean }).reusedSocket = this.reusedSocket = isReused;
        this.#http1 = request;
        this.#outgoing.handOn(request);
      } catch (error) {
        if (!this.#http1) socket.emit('free'); // nothing of it was used
        process.nextTick(() => this.#listener?.fail(error));
      }
    });
  }

  failed(error: unknown): void {
    this.#inContext(() => this.#listener?.fail(error));
  }

  #inContext(run: () => void): void {
    if (this.#context) this.#context.runInAsyncScope(run);
    else run();
  }

  // From the exchange:

  get socket(): Socket | null {
    return this.#http1?.socket ?? this.#session?.socket ?? this.#opening ?? null;
  }

  get res(): WireResponse | undefined {
    return this.#http1 ? (this.#http1 as { res?: WireResponse }).res : this.#incoming?.res;
  }

  getHeader(name: string): number | string | string[] | undefined {
    const sent = this.#sent;
    return sent && headerOf(sent, name.toLowerCase());
  }

  write(chunk: Chunk, sent: () => void): boolean {
    if (this.#http1) return this.#http1.write(chunk, sent);
    this.#outgoing.add(chunk, sent);
    this.#dispatch();
    return this.#stream !== undefined && !this.#stream.writableNeedDrain;
  }

  end(body?: Buffer): void {
    this.#outgoing.end(body);
    if (this.#http1) this.#http1.end(body);
    else this.#dispatch();
  }

  /** Sends what there is, where there is a stream. */
  #dispatch(): void {
    const session = this.#session;
    if (!session || this.destroyed) return;
    const outgoing = this.#outgoing;
    if (!this.#stream && (!outgoing.isReady || !this.#open(session, !outgoing.hasBytes))) return;
    outgoing.sendOn(this.#stream!);
  }

  #open(session: PooledSession, endStream: boolean): boolean {
    try {
      this.#unclaimedBefore = session.unclaimedBytes;
      this.#stream = session.open(this.#headers!, endStream);
    } catch (error) {
      const isClosing = SESSION_IS_CLOSING.has((error as NodeJS.ErrnoException).code);
      if (isClosing) session.retire(); // it has said goodbye since the stream was promised: nothing was sent
      this.#leaveSession();
      if (isClosing) this.#ending = 'refused';
      const failure = isClosing
        ? coded(new Error('the HTTP/2 session was closing', { cause: error }), 'ECONNRESET')
        : error;
      process.nextTick(() => this.#listener?.fail(failure));
      return false;
    }
    this.#headers = undefined;
    this.#incoming = new Incoming(this.#stream, this, this.#settings.maxHeaderBytes);
    return true;
  }

  get writableEnded(): boolean {
    return this.#http1?.writableEnded ?? this.#outgoing.isEnded;
  }

  get writableLength(): number {
    return this.#http1?.writableLength ?? this.#stream?.writableLength ?? this.#outgoing.length;
  }

  get writableFinished(): boolean {
    return this.#http1?.writableFinished ?? this.#stream?.writableFinished ?? false;
  }

  get moved(): number | undefined {
    return this.#http1 ? this.#http1.moved : this.#outgoing.moved + (this.#incoming?.moved ?? 0);
  }

  get ending(): WireRequest['ending'] {
    return this.#http1?.ending ?? this.#ending;
  }

  get isUnsent(): boolean | undefined {
    return this.#http1 ? this.#http1.isUnsent : this.#stream === undefined || this.#ending === 'refused';
  }

  once(event: 'finish', listener: () => void): this {
    if (this.#http1) this.#http1.once(event, listener);
    else this.#stream!.once(event, listener);
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    const stream = this.#stream;
    if (this.#http1) this.#http1.destroy(error);
    else if (stream) {
      this.#session!.cut(stream);
      stream.resume(); // what is there is of no interest
    } else if (this.#session) this.#leaveSession();
    else this.#settings.lane.leave(this, error);
    if (error) this.#listener?.fail(error);
    this.forget();
    if (stream && hasTimedOut(error)) this.#session!.probe();
    return this;
  }

  giveBack(): void {
    this.#http1?.giveBack?.();
  }

  /** The exchange is over. */
  forget(): void {
    this.#listener = undefined;
    this.#sent = undefined;
    if (this.#http1) this.#settings.http1.forget(this.#http1);
    else this.#leaveSession();
  }

  #leaveSession(): void {
    const session = this.#session;
    if (!session || this.#hasLeft) return;
    this.#hasLeft = true;
    session.release();
  }

  // From the stream:

  answered(headerBytes: number): boolean {
    this.#session!.claim(headerBytes);
    this.#session!.answered();
    return this.#listener !== undefined;
  }

  came(bytes: number): void {
    this.#session!.claim(bytes);
  }

  responded(response: Http2Response): void {
    this.#listener?.responded(response);
  }

  refused(error: Error): void {
    this.#fail(error, 'reset');
  }

  streamClosed(stream: ClientHttp2Stream): void {
    const session = this.#session!;
    const { res, error: thrown } = this.#incoming!;
    if (!res?.complete && this.#listener) {
      const unclaimed = session.unclaimedBytes - this.#unclaimedBefore;
      const { error, ending } = failureOf(
        stream,
        session,
        thrown,
        res !== undefined,
        unclaimed >= this.#settings.maxHeaderBytes,
      );
      this.#fail(error, ending);
    } else {
      res?.end();
      this.#listener?.closed();
    }
    this.#leaveSession();
  }

  #fail(error: Error, ending: WireRequest['ending']): void {
    this.#ending = ending;
    this.#listener?.fail(error);
  }
}

/** What Node refuses a stream with because of the session, and not because of its headers. */
const SESSION_IS_CLOSING: ReadonlySet<unknown> = new Set([
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
  'ERR_HTTP2_OUT_OF_STREAMS',
]);

/** After these, nobody knows whether the peer is still there, and whether it is still understood. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ERR_DEADLINE_EXCEEDED',
  'ECONNABORTED',
  'ETIMEDOUT',
]);

function hasTimedOut(error: NodeJS.ErrnoException | undefined): boolean {
  return TIMEOUTS.has(error?.code);
}
