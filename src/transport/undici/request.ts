import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { defaultPort } from '../../base/url-parts.js';
import { isPolluted, shadowInherited } from '../../base/prototype-pollution.js';
import type { RequestTarget } from '../../call/target.js';
import { ORIGIN, type SocketWish, takeIdleSocket } from '../../pool/fast-lane.js';
import { giveBack } from '../../pool/lane-sockets.js';
import { whenConnected } from '../../pool/socket-opening.js';
import type { WireListener, WireRequest } from '../engine.js';
import { chooseSocket, type ExchangeRequest, type SocketOptions } from '../request.js';
import { NODE_MAX_HEADER_BYTES } from '../response-headers.js';
import type { Chunk } from '../streamed-body.js';
import { UndiciConnection } from './connection.js';
import { asConnectError, asNodes, isEndOf, isUndicis, lost, refusalOf, tooManyHeaders } from './errors.js';
import type { UndiciModule } from './load.js';
import { hostOf, wireHeaders } from './request-headers.js';
import { type ParsedHeaders, UndiciResponse } from './response.js';
import { Upload } from './upload.js';

/** The socket's side of it: what Node's agents, and those of the pool, know of a `ClientRequest`. */
interface AgentsSocket extends Socket {
  _httpMessage?: UndiciRequest | null;
}

interface RequestingAgent {
  addRequest(request: UndiciRequest, options: object): void;
}

const NO_BYTES = Buffer.alloc(0);
const SWITCHING_PROTOCOLS = 101;
/** Bytes that are read from a socket at once. */
const MAX_PIECE_BYTES = 64 * 1024;

/**
 * One request that undici carries. To an agent it is what Node's `ClientRequest` is: the agent gives it a socket, and gets that back. To undici it
 * is the handler of a dispatch (`handlers.ts`). A response whose body is read into memory passes through it without a stream.
 */
export abstract class UndiciRequest implements WireRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  socket: AgentsSocket | null = null;
  res: UndiciResponse | undefined = undefined;
  destroyed = false;
  writableEnded = false;
  reusedSocket = false;
  /** For agents: undici closes a socket that is not to be used again. */
  readonly shouldKeepAlive = true;
  #sent: ExchangeRequest | undefined;
  #listener: WireListener | undefined;
  /** For undici, until it has them. `host` comes last. */
  #headers: string[] | undefined;
  protected readonly undici: UndiciModule;
  readonly #maxHeaderBytes: number;
  #connection: UndiciConnection | undefined;
  #body: Buffer | Upload | undefined;
  #isConnected = false;
  #isDispatched = false;
  #hasStarted = false;
  /** What its socket had read when it was sent. */
  #bytesBefore = 0;
  #onFinish: (() => void) | undefined;

  constructor(sent: ExchangeRequest, listener: WireListener, undici: UndiciModule, maxHeaderBytes: number) {
    this.method = sent.method;
    this.path = sent.target.path;
    this.host = sent.target.hostname;
    this.protocol = sent.target.secure ? 'https:' : 'http:';
    this.#sent = sent;
    this.#headers = wireHeaders(sent);
    this.#listener = listener;
    this.undici = undici;
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  /** Asks an agent for a socket, which may have one at once. */
  askForSocket(agent: Agent, wish: SocketWish | undefined): void {
    const { target, family } = this.#sent!;
    const origin = wish?.address?.lane ?? (target.socketPath ? undefined : target.origin);
    if (origin !== undefined && takeIdleSocket(agent, this, origin, this.#headers!.at(-1)!, family, wish?.scheduling)) {
      return;
    }
    const maxHeaderBytes = this.#maxHeaderBytes;
    const options: SocketOptions = {
      host: target.hostname,
      hostname: target.hostname,
      port: target.port || defaultPort(target.secure),
      protocol: this.protocol,
    };
    if (target.socketPath) options.socketPath = target.socketPath;
    else options[ORIGIN] = target.origin;
    if (family !== undefined) options.family = family;
    if (wish) chooseSocket(options, wish);
    if (maxHeaderBytes !== NODE_MAX_HEADER_BYTES) options.maxHeaderSize = maxHeaderBytes; // of a proxy's answer
    if (isPolluted()) shadowInherited(options);
    (agent as unknown as RequestingAgent).addRequest(this, options);
  }

  /** From the agent. */
  onSocket(socket: AgentsSocket | null | undefined, error?: Error | null): void {
    if (this.destroyed)
      socket?.destroy(); // nobody waits for it any more
    else if (error || !socket) process.nextTick(() => this.#listener?.fail(error));
    else {
      this.socket = socket;
      socket._httpMessage = this;
      this.#connection = UndiciConnection.of(socket, originOf(this.#sent!.target), this.undici, this.#maxHeaderBytes);
      this.#connection.user = this;
      if (this.reusedSocket) this.#isConnected = true;
      else process.nextTick(() => this.#onNewSocket(socket));
    }
  }

  #onNewSocket(socket: Socket): void {
    this.#listener?.onSocket(socket);
    whenConnected(socket, () => {
      this.#isConnected = true;
      this.#dispatch();
    });
  }

  getHeader(name: string): string | string[] | undefined {
    if (!this.#sent) return undefined;
    const { headers, target } = this.#sent;
    const lowerCase = name.toLowerCase();
    for (const own of Object.keys(headers)) {
      if (own.length === name.length && own.toLowerCase() === lowerCase) return headers[own];
    }
    return lowerCase === 'host' ? hostOf(target) : undefined;
  }

  /** Node 24 tells a request so of a tunnel that was refused, and then again as of every socket that failed. */
  emit(event: string, error?: Error): boolean {
    if (event === 'error') process.nextTick(() => this.#listener?.fail(error));
    return true;
  }

  /** agentkeepalive asks who listens to `timeout`. */
  listeners(): [] {
    return [];
  }

  write(chunk: Chunk, sent: () => void): boolean {
    const body = (this.#body ??= new Upload()) as Upload;
    const hasRoom = body.write(chunk, sent);
    this.#dispatch();
    return hasRoom;
  }

  end(body?: Buffer): void {
    this.writableEnded = true;
    if (this.#body instanceof Upload) this.#body.end();
    else this.#body = body;
    this.#dispatch();
  }

  /** Sends it, where there is a socket and something to send. */
  #dispatch(): void {
    if (this.#isDispatched || !this.#isConnected || this.destroyed || !this.#connection) return;
    if (!this.writableEnded && !this.#body) return;
    this.#isDispatched = true;
    const { target } = this.#sent!;
    const headers = this.#headers!;
    this.#headers = undefined;
    if (headers.at(-1) === this.#connection.host) headers.length -= 2; // undici knows it
    this.#connection.send(
      {
        method: this.method,
        path: this.path,
        headers,
        body: this.#body as Buffer,
        reset: false, // it would close a socket after HEAD, and after a body that it does not expect
        blocking: false, // with one request at a time, nothing waits for the headers of its response
        servername: target.hostname, // the same for all of a socket, which is open: else undici would open another
      } as Dispatcher.DispatchOptions,
      this as Dispatcher.DispatchHandler,
    );
  }

  get writableLength(): number {
    const waiting = this.#body instanceof Upload ? this.#body.readableLength : 0;
    return waiting + (this.socket?.writableLength ?? 0);
  }

  get writableFinished(): boolean {
    if (!this.writableEnded || !this.#hasStarted) return false;
    return (!(this.#body instanceof Upload) || this.#body.readableEnded) && this.socket!.writableLength === 0;
  }

  get isUnsent(): boolean {
    return !this.#hasStarted;
  }

  once(_event: 'finish', listener: () => void): this {
    this.#onFinish = listener;
    if (!(this.#body instanceof Upload)) this.socket!.write(NO_BYTES, () => this.#onFinish?.());
    else {
      // Of a stream, undici sends no more once the response has come: it closes the socket.
      const ended = this.#listener;
      this.destroy();
      ended?.closed();
    }
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    const connection = this.#leaveConnection();
    if (connection) this.socket!.destroy(error);
    if (this.#body instanceof Upload) this.#body.destroy();
    if (error) this.#listener?.fail(error);
    this.forget();
    return this;
  }

  giveBack(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    const { socket } = this;
    this.#leaveConnection()?.resumeReading();
    giveBack(socket!);
  }

  forget(): void {
    this.#listener = undefined;
    this.#onFinish = undefined;
  }

  #leaveConnection(): UndiciConnection | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#sent = undefined;
    if (connection) connection.user = undefined;
    return connection;
  }

  // From the connection:

  failed(error: Error): void {
    const { res } = this;
    if (!isUndicis(error)) this.#listener?.fail(this.#isConnected ? error : asConnectError(error));
    else if (res && isEndOf(res, error)) this.#completed(res);
    else this.#listener?.fail(asNodes(error, res !== undefined));
  }

  surplus(): void {
    const error = new Error('Parse Error: Data after `Connection: close`');
    this.#listener?.fail(Object.assign(error, { code: 'HPE_CLOSED_CONNECTION' })); // as Node has it
  }

  closed(): void {
    const { res } = this;
    if (res && !res.complete) this.#listener?.fail(lost(true));
    else this.#listener?.closed();
  }

  // From undici's handlers:

  started(): void {
    this.#hasStarted = true;
    this.#bytesBefore = this.socket!.bytesRead;
    if (this.#body instanceof Upload) this.#body.begin();
  }

  /** @param raw names and values in turn */
  responded(status: number, headers: ParsedHeaders, raw: readonly Buffer[], statusText: string): void {
    if (!this.#connection || (status >= 100 && status < 200 && status !== SWITCHING_PROTOCOLS)) return; // informational
    // undici counts names and values only. What has come in one piece may have a part of the body.
    if (this.socket!.bytesRead - this.#bytesBefore > this.#maxHeaderBytes + MAX_PIECE_BYTES) {
      this.#listener?.fail(tooManyHeaders());
      return;
    }
    this.res = new UndiciResponse(status, statusText, headers, raw, this, this.#connection);
    this.#listener?.responded(this.res);
  }

  came(part: Buffer): void {
    if (this.#connection) this.res?.add(part);
  }

  /** Its caller is told when the bytes behind it have been read, too: there must be none. */
  ended(): void {
    if (!this.#connection || !this.res) return;
    this.#completed(this.res);
  }

  #completed(res: UndiciResponse): void {
    if (res.complete) return;
    res.complete = true;
    process.nextTick(endResponse, this);
  }

  /** @internal */
  endResponse(): void {
    if (this.#connection) this.res!.end();
  }

  broke(error: Error): void {
    const { code } = error as NodeJS.ErrnoException;
    const isRefused = code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED';
    if (!isRefused || !this.#sent) this.failed(error);
    else this.#listener?.fail(refusalOf(this.#sent, error));
  }
}

function endResponse(request: UndiciRequest): void {
  request.endResponse();
}

function originOf({ origin, socketPath }: RequestTarget): string {
  return socketPath ? 'http://localhost' : origin;
}
