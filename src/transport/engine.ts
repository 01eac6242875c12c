import type { Agent, ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { SocketWish } from '../pool/fast-lane.js';
import type { ExchangeRequest } from './request.js';
import type { Chunk } from './streamed-body.js';

/**
 * What carries one exchange: it writes a request to a socket of the pool and reads the response. All else is the same for every engine: which socket, how it
 * is opened, kept and closed (the pool's agents), and phases, redirects, replays and bodies (`Exchange`, `Attempt`, `Delivery`).
 */
export interface Engine {
  /** Tells apart, within a pool, the sockets that it has used: it may leave its parser on them. undefined: those of `node:http`. */
  readonly sockets: string | undefined;
  /** Until then it carries nothing. Rejects where what it needs is missing. undefined: it is there. */
  readonly loading: Promise<unknown> | undefined;
  /** Whether it can carry a request; one that it cannot goes with another engine. */
  carries(request: ExchangeRequest): boolean;
  /** Whether it uses HTTP/2, so that a call that asks axios for it needs nothing else. */
  readonly speaksHttp2?: boolean;
  /** What carries a request that it cannot. undefined: `node:http`. */
  readonly otherwise?: Engine;
  /**
   * Asks the agent for a socket. The request's body is to come: `write` and `end` of what is returned.
   * @param listener told of nothing before this has returned
   * @param maxHeaderBytes what the response may have
   * @param wish which socket it is for; undefined: any to the target
   * @throws an error of Node's where the request cannot be sent
   */
  send(
    request: ExchangeRequest,
    agent: Agent,
    listener: WireListener,
    maxHeaderBytes: number,
    wish: SocketWish | undefined,
  ): WireRequest;
  /** Nobody listens any more: callers keep the request, which must not keep its listener. */
  forget(request: WireRequest): void;
}

/** What an engine tells of a request, until it is over. */
export interface WireListener {
  /** There is a socket, maybe not connected yet. Not told of one that has carried another request: `reusedSocket` says so at once. */
  onSocket(socket: Socket): void;
  /** The headers of the response have come, its body is unread. */
  responded(response: WireResponse): void;
  /** @param error with Node's codes: `ECONNRESET` where the peer has closed the socket, `HPE_…` for what is no HTTP */
  fail(error: unknown): void;
  /** Its socket is closed. */
  closed(): void;
}

/** A request that is being sent: Node's `ClientRequest` is one. Callers get it as `response.request`. */
export interface WireRequest extends Pick<
  ClientRequest,
  'reusedSocket' | 'destroyed' | 'writableEnded' | 'writableFinished' | 'writableLength'
> {
  readonly socket: Socket | null;
  getHeader(name: string): number | string | string[] | undefined;
  /** @returns whether it takes more at once; else `sent` is called when it does */
  write(chunk: Chunk, sent: () => void): boolean;
  end(body?: Buffer): unknown;
  /** Everything has gone out. */
  once(event: 'finish', listener: () => void): unknown;
  /** Closes the socket, or gives up the wait for one. */
  destroy(error?: Error): unknown;
  /** Its socket may carry another request, where the engine does not find out by itself. */
  giveBack?(): void;
  /** Whether it is certain that nothing of it has reached the upstream, or that the upstream has not looked at it. */
  readonly isUnsent?: boolean | undefined;
  /** Where its socket carries others as well: bytes of its own body, and of the response's, that have moved. undefined: the socket is its own. */
  readonly moved?: number | undefined;
  /**
   * How it has ended, where it shares its socket: `refused`, the upstream says that it has not looked at it; `reset`, the upstream has ended it and is still there;
   * `lost`, the connection is over.
   */
  readonly ending?: 'refused' | 'reset' | 'lost' | undefined;
}

/** A response whose headers have come: Node's `IncomingMessage` is one. */
export interface WireResponse {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  /** As Node has them: names in lower case, values in Latin-1, the rules for repeated ones applied. */
  readonly headers: IncomingHttpHeaders;
  readonly headersDistinct: NodeJS.Dict<string[]>;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** Lines of headers, where the engine has counted them. */
  readonly headerLines?: number;
  /** Whether all of the body has come. */
  readonly complete: boolean;
  readonly readableLength: number;
  readonly readableHighWaterMark: number;
  /** At most one listener for each event, unless it is a stream. */
  on(event: 'data', listener: (part: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  destroy(error?: Error): unknown;
  /** The body as a stream. To be asked for when the headers come, in place of listeners. */
  asReadable?(): Readable;
}

/** The body of a response as a stream. */
export function readableOf(response: WireResponse): Readable {
  return response instanceof Readable ? response : response.asReadable!();
}
