import type { Socket } from 'node:net';
import type { Client, Dispatcher } from 'undici';
import { isPolluted, shadowInherited } from '../../base/prototype-pollution.js';
import { isUndicis, lost } from './errors.js';
import type { UndiciModule } from './load.js';

/** Whose request is on a connection. */
export interface ConnectionUser {
  /** @param error undici's or the socket's */
  failed(error: Error): void;
  /** More has come than the response that it was the end of. */
  surplus(): void;
  /** The socket is closed. */
  closed(): void;
}

const CONNECTION = Symbol('undici');
type OwnSocket = Socket & { [CONNECTION]?: UndiciConnection };

/** As long as Node's timers can: it is the pool that closes idle sockets, and it knows what servers say of it. */
const NEVER_MS = 2 ** 31 - 1;

/** The last that is unread of what has come. */
const NOTHING = (): null => null;

/** What undici's `Client` is to a socket of the pool: the codec of HTTP/1.1. It opens none, keeps none and times nothing. */
export class UndiciConnection {
  /** Whose request it carries; undefined: nobody's. */
  user: ConnectionUser | undefined;
  /** The Host header that undici sends where it is told of none. */
  readonly host: string;
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #destroy: Socket['destroy'];
  #isGiven = false;
  #isPaused = false;

  /**
   * That of a socket, made when it first carries a request.
   * @param origin what undici is to think it leads to
   */
  static of(socket: OwnSocket, origin: string, { Client }: UndiciModule, maxHeaderBytes: number): UndiciConnection {
    return (socket[CONNECTION] ??= new UndiciConnection(socket, origin, Client, maxHeaderBytes));
  }

  private constructor(socket: Socket, origin: string, Undici: typeof Client, maxHeaderBytes: number) {
    this.host = new URL(origin).host;
    this.#socket = socket;
    this.#destroy = socket.destroy.bind(socket);
    const options: Client.Options = {
      connect: (_, callback) => queueMicrotask(() => this.#give(callback as GiveSocket)),
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: NEVER_MS,
      keepAliveMaxTimeout: NEVER_MS,
      keepAliveTimeoutThreshold: -NEVER_MS,
      maxHeaderSize: maxHeaderBytes,
    };
    this.#client = new Undici(origin, isPolluted() ? shadowInherited(options) : options);
    socket.destroy = (error) => this.#onDestroy(error);
    socket.unshift = (rest: Buffer) => this.#onRest(rest); // undici's only way to stop its parser: after the last response
    socket.prependListener('error', (error: Error) => this.user?.failed(error));
    socket.prependListener('close', () => this.user?.closed());
  }

  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(isPolluted() ? shadowInherited(options) : options, handler);
  }

  /**
   * Reads no more from the socket until `resumeReading`. Not undici's own `pause`: a socket that fails while its parser is paused ends the process with
   * an AssertionError (7.30).
   */
  pauseReading(): void {
    this.#isPaused = true;
    this.#socket.read = NOTHING;
  }

  resumeReading(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    delete (this.#socket as Partial<Socket>).read;
    if (!this.#socket.destroyed) this.#socket.emit('readable'); // that it was told of already
  }

  /** undici asks once for the socket, and again where that is closed by then: the pool has others. */
  #give(callback: GiveSocket): void {
    if (this.#isGiven || this.#socket.destroyed) callback(lost(false), null);
    else callback(null, this.#socket);
    this.#isGiven = true;
  }

  #onRest(rest: Buffer): void {
    if (rest.length > 0) this.user?.surplus();
  }

  /** undici's own reasons are for the request: the pool would take them for errors of the socket's. */
  #onDestroy(error: Error | undefined): Socket {
    if (!isUndicis(error)) return this.#destroy(error);
    if (error.code !== 'UND_ERR_INFO') this.user?.failed(error); // else it ends after its response
    return this.#destroy();
  }
}

type GiveSocket = (error: Error | null, socket: Socket | null) => void;
