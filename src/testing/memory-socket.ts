import { Duplex } from 'node:stream';
import { soon } from './real-timers.js';

/** One end of a connection within this process, as far as Node's HTTP asks for a socket. */
export class MemorySocket extends Duplex {
  /** As sockets count them: whoever waits for a silence looks at them. */
  bytesRead = 0;
  bytesWritten = 0;
  readonly connecting = false;
  #peer!: MemorySocket;
  /** Lets the peer write on, as soon as somebody reads here. */
  #onRead: (() => void) | undefined;

  /** Both ends of a connection. */
  static pair(): [MemorySocket, MemorySocket] {
    const [one, other] = [new MemorySocket(), new MemorySocket()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  // What sockets have besides, and nothing depends on here.
  setTimeout = (): this => this;
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
  /** Mocks that let a request through ask for it. */
  address = (): object => ({});

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const peer = this.#peer;
    if (chunk.length === 0 || peer.destroyed) {
      callback();
      return;
    }
    this.bytesWritten += chunk.length;
    peer.bytesRead += chunk.length;
    peer.#onRead = callback;
    peer.push(chunk);
  }

  override _final(callback: () => void): void {
    this.#peer.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this._read();
    soon(() => this.#peer.#hangUp());
    callback(error);
  }

  /** The peer is gone: what it sent before can still be read. */
  #hangUp(): void {
    if (this.destroyed) return;
    if (this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.push(null);
  }
}
