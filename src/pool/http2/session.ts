import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { isPolluted, shadowInherited } from '../../base/prototype-pollution.js';
import { keepSessionFor } from './collection-order.js';
import { ControlFrames } from './control-frames.js';
import { Liveness, type Watched } from './liveness.js';
import { countReuse } from '../socket-requests.js';
import type { SocketRequest } from './socket-request.js';

export type Http2Module = Pick<typeof import('node:http2'), 'connect' | 'constants'>;

/** Streams at once on one session, where the peer allows as many: what RFC 9113 §6.5.2 has peers allow at least. */
export const MAX_STREAMS = 100;
/** What a peer may send of one body before somebody reads it, and of all bodies together. */
const STREAM_WINDOW_BYTES = 256 * 1024;
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024;
/**
 * What Node takes of one response is more than what it may have, which the transport judges, and says: Node ends the stream with ENHANCE_YOUR_CALM, which its
 * servers do, too, from version 24 on, where a stream is opened as another ends.
 */
const MAX_HEADER_PAIRS = 4_000;
const HEADER_MARGIN = 4;
const FRAME_HEADER_BYTES = 9;
/** What a session may hold in memory, by Node's own count, in MB. */
const MAX_MEMORY_MB = 64;

/** Who keeps a session. */
export interface SessionOwner {
  /** It has become usable, or has room again. */
  hasRoom(session: PooledSession): void;
  /** Its peer's limit has changed. */
  limitChanged(session: PooledSession): void;
  /** The last stream has ended. */
  becameIdle(session: PooledSession): void;
  /** It takes no more streams; those that it has go on. */
  retired(session: PooledSession): void;
  /** It is over. Told once. */
  gone(session: PooledSession, error: Error | undefined): void;
}

export interface SessionSettings {
  readonly http2: Http2Module;
  readonly clock: Clock;
  /** What the headers of a response may have. */
  readonly maxHeaderBytes: number;
}

const SESSION = Symbol('http2');
type OwnSocket = Socket & { [SESSION]?: PooledSession };

/** The session on a socket; undefined: it has none. */
export function sessionOn(socket: Socket): PooledSession | undefined {
  return (socket as OwnSocket)[SESSION];
}

/**
 * - `opening`: its peer has not said yet what it allows
 * - `open`: it takes streams
 * - `probing`: it will take streams once its peer has answered a PING
 * - `retired`: it takes no more streams
 * - `gone`
 */
type State = 'opening' | 'open' | 'probing' | 'retired' | 'gone';

/** HTTP/2 on a socket of the pool, from the end of its handshake on. The agent has the socket whenever there is no stream. */
export class PooledSession implements Watched {
  readonly socket: Socket;
  /** What holds the socket while it is in use. */
  holder: SocketRequest | undefined;
  /** Streams that were promised or are under way. */
  streams = 0;
  /** Whether a response has come. */
  hasAnswered = false;
  /** What it is over with. */
  error: Error | undefined;
  #claimedBytes = 0;
  readonly #session: ClientHttp2Session;
  readonly #settings: SessionSettings;
  #owner: SessionOwner | undefined;
  #state: State = 'opening';
  #limit = 0;
  /** Streams from this one on were not looked at by the peer. */
  #lastStreamId = Infinity;
  /** Node's way to end a session at once, where a GOAWAY with an error has come: the streams before it may still be answered. */
  #isLeaving = false;
  readonly #liveness: Liveness;
  readonly #controlFrames: ControlFrames;

  constructor(socket: Socket, authority: string, owner: SessionOwner, settings: SessionSettings) {
    const { http2, clock, maxHeaderBytes } = settings;
    this.socket = socket;
    this.#owner = owner;
    this.#settings = settings;
    this.#liveness = new Liveness(this, clock);
    this.#controlFrames = new ControlFrames(clock);
    (socket as OwnSocket)[SESSION] = this;
    // Before Node's own listeners, which end streams without a word of why.
    socket.prependListener('error', (error: Error) => this.#end(error));
    socket.prependListener('end', () => this.#end(undefined));
    socket.prependListener('close', () => this.#end(undefined));
    const options = {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      maxSessionMemory: MAX_MEMORY_MB,
      settings: shadowInherited({
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: HEADER_MARGIN * maxHeaderBytes,
      }),
    };
    const session = http2.connect(authority, shadowInherited(options));
    this.#session = session;
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.on('remoteSettings', ({ maxConcurrentStreams = Infinity }) => this.#onSettings(maxConcurrentStreams));
    session.on('ping', () => this.#endIfFlooded(this.#controlFrames.add()));
    session.on('origin', () => this.#endIfFlooded(this.#controlFrames.addOrigin()));
    session.on('goaway', (code, lastStreamId) => this.#onGoaway(code, lastStreamId));
    session.on('error', (error) => this.#end(error));
    session.on('close', () => this.#end(undefined));
    const destroy = session.destroy.bind(session);
    session.destroy = (...args: Parameters<typeof destroy>) => {
      const isLeaving = this.#isLeaving;
      this.#isLeaving = false;
      if (isLeaving && this.streams > 0) {
        session.close();
        return;
      }
      this.#end(args[0] instanceof Error ? args[0] : undefined); // before its streams are told
      destroy(...args);
    };
    this.#leaveInOrder();
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** Whether it takes a stream now, unless its peer is to be asked first. */
  get hasRoom(): boolean {
    return this.#state === 'open' && this.streams < this.#limit;
  }

  /** Whether it takes streams, now or soon. */
  get isUsable(): boolean {
    return this.#state !== 'retired' && this.#state !== 'gone';
  }

  /** Streams that it will have room for soon. */
  get roomSoon(): number {
    if (this.#limit === 0 && this.isUsable) return Infinity; // its peer takes none for now, and would not on another session either
    return this.#state === 'probing' ? this.#limit - this.streams : 0;
  }

  /** Streams at once that its peer and we allow. */
  get limit(): number {
    return this.#limit;
  }

  /** What its peer has sent that no stream has claimed: frames about the session, headers that are not whole, and those that Node has refused. */
  get unclaimedBytes(): number {
    return this.socket.bytesRead - this.#claimedBytes;
  }

  /** A stream has got this. */
  claim(bytes: number): void {
    this.#claimedBytes += bytes + FRAME_HEADER_BYTES;
  }

  /** It belongs to another lane's requests from here on, or to none. */
  set owner(owner: SessionOwner) {
    this.#owner = owner;
  }

  /** Whether its peer is to be asked for a sign of life before it gets a stream. */
  get isInDoubt(): boolean {
    return this.#state === 'open' && this.#liveness.isInDoubt;
  }

  /** Promises a stream. `release` gives it back. */
  take(): void {
    if (this.streams++ > 0) countReuse(this.socket);
    this.#liveness.watch();
  }

  /** @throws Node's error where it cannot be sent */
  open(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    const options = { endStream };
    const stream = this.#session.request(headers, isPolluted() ? shadowInherited(options) : options);
    keepSessionFor(stream, this.#session);
    return stream;
  }

  /** A stream is cut: what its peer still sends of it, nobody gets. */
  cut(stream: ClientHttp2Stream): void {
    if (stream.closed) return;
    this.claim(STREAM_WINDOW_BYTES);
    stream.close(this.#settings.http2.constants.NGHTTP2_CANCEL);
  }

  /** A stream that was promised is over. */
  release(): void {
    this.streams--;
    if (this.#state === 'gone') return;
    if (this.hasRoom) this.#owner?.hasRoom(this);
    if (this.streams > 0 || this.isGone) return;
    this.#liveness.rest();
    this.#owner?.becameIdle(this);
  }

  /** The headers of a response have come. */
  answered(): void {
    this.hasAnswered = true;
    this.#controlFrames.forgive();
    this.#liveness.heard();
  }

  /** Whether the peer has said that it has not looked at a stream (RFC 9113 §6.8). */
  hasSkipped(streamId: number | undefined): boolean {
    return streamId !== undefined && streamId > this.#lastStreamId;
  }

  /** Its peer may be gone: unless it has been heard of since, it has to show that it is there. */
  suspect(since: number): void {
    if (this.isUsable && this.#liveness.suspect(since) && this.streams > 0) this.probe();
  }

  /** Asks the peer for a sign of life. Until it comes, there are no new streams. */
  probe(): void {
    if (this.#liveness.isAsked || this.#state === 'gone') return;
    if (this.#state === 'open') this.#state = 'probing';
    this.#liveness.asked();
    try {
      this.#session.ping((error) => {
        if (!error) this.#onPong();
      });
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#liveness.await();
  }

  /** Takes no more streams. */
  retire(): void {
    if (!this.isUsable) return;
    this.#state = 'retired';
    this.#owner?.retired(this);
  }

  /** Nobody uses it, nor will: the pool forgets it now, and it closes a moment later. */
  leave(): void {
    this.socket.emit('agentRemove');
    setImmediate(() => this.socket.destroy());
  }

  /** Ends it, its streams included. */
  destroy(error: Error): void {
    this.#end(error);
    this.socket.destroy(error);
  }

  #onPong(): void {
    this.#liveness.answered();
    if (this.#state !== 'probing') return;
    this.#state = 'open';
    this.#owner?.hasRoom(this);
  }

  #onSettings(maxConcurrentStreams: number): void {
    this.#endIfFlooded(this.#controlFrames.add());
    const before = this.#limit;
    this.#limit = Math.min(MAX_STREAMS, maxConcurrentStreams);
    if (this.#state === 'opening') {
      this.#state = 'open';
      this.#liveness.heard();
    } else if (this.#limit === before) return;
    this.#owner?.limitChanged(this);
    if (this.hasRoom) this.#owner?.hasRoom(this);
  }

  #endIfFlooded(flood: Error | undefined): void {
    if (!flood) return;
    this.#end(flood);
    this.#session.destroy(undefined, this.#settings.http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Node ends the session with it, or sees to it that it takes no more streams. */
  #onGoaway(code: number, lastStreamId: number): void {
    this.#lastStreamId = lastStreamId;
    this.#isLeaving = code !== 0;
    if (!this.isUsable) return;
    this.#state = 'retired';
    this.#owner?.retired(this);
  }

  #end(error: Error | undefined): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.error = error;
    this.#liveness.rest();
    this.#owner?.gone(this, error);
  }

  /** Whoever closes the socket for no fault of its own has the peer told: the pool forgets it at once, and it closes a moment later. */
  #leaveInOrder(): void {
    const { socket } = this;
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error) => {
      if (error || socket.destroyed || this.#session.destroyed) return destroy(error);
      this.#end(undefined);
      this.#session.destroy(); // sends GOAWAY
      process.nextTick(() => socket.emit('agentRemove')); // not now: agents go through their lists
      setImmediate(() => setImmediate(() => destroy()));
      return socket;
    };
  }
}
