import type { ClientHttp2Stream } from 'node:http2';
import type { WireRequest } from '../engine.js';
import type { Chunk } from '../streamed-body.js';
import { coded } from './headers.js';

const PART_BYTES = 64 * 1024;

interface Waiting {
  readonly chunk: Chunk;
  readonly sent: () => void;
}

/** The body of a request, kept until there is a stream for it. */
export class Outgoing {
  /** Bytes that have gone out. */
  moved = 0;
  /** Whether there is nothing to come. */
  isEnded = false;
  #body: Buffer | undefined;
  #waiting: Waiting[] | undefined;

  /** @throws Node's error where it cannot be sent */
  add(chunk: Chunk, sent: () => void): void {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      const message = 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array';
      throw coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE'); // as Node's request
    }
    (this.#waiting ??= []).push({ chunk, sent });
  }

  end(body: Buffer | undefined): void {
    this.isEnded = true;
    this.#body = body;
  }

  /** Whether there is something to send, the end included. */
  get isReady(): boolean {
    return this.isEnded || this.#waiting !== undefined;
  }

  /** Whether there are bytes to send. */
  get hasBytes(): boolean {
    return Boolean(this.#body?.length) || this.#waiting !== undefined;
  }

  /** Chunks that wait. */
  get length(): number {
    return this.#waiting?.length ?? 0;
  }

  /** Sends what there is. */
  sendOn(stream: ClientHttp2Stream): void {
    for (const { chunk, sent } of this.#takeWaiting()) {
      const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
      stream.write(chunk, () => {
        this.moved += bytes;
        sent();
      });
    }
    if (!this.isEnded || stream.writableEnded) return;
    if (this.#body) this.#write(this.#body, stream);
    this.#body = undefined;
    stream.end();
  }

  /** In parts, so that there is progress to see. */
  #write(body: Buffer, stream: ClientHttp2Stream): void {
    for (let start = 0; start < body.length; start += PART_BYTES) {
      const part = body.subarray(start, start + PART_BYTES);
      stream.write(part, () => (this.moved += part.length));
    }
  }

  /** Has another engine send what there is. */
  handOn(request: Pick<WireRequest, 'write' | 'end'>): void {
    for (const { chunk, sent } of this.#takeWaiting()) {
      let isTold = false;
      const tell = () => {
        if (!isTold) sent();
        isTold = true;
      };
      if (request.write(chunk, tell)) process.nextTick(tell); // who has written it waits, whether the engine has room or not
    }
    const body = this.#body;
    this.#body = undefined;
    if (this.isEnded) request.end(body);
  }

  #takeWaiting(): readonly Waiting[] {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    return waiting;
  }
}
