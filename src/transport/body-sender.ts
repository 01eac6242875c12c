import { isAxiosError } from 'axios';
import { quietly } from '../base/cancellation.js';
import type { Source } from '../base/source.js';
import type { WireRequest } from './engine.js';
import type { Chunk, StreamedBody } from './streamed-body.js';

/**
 * Sends a streamed body with a request, at the pace of the upstream: the stream is paused while the request has enough.
 *
 * Fails where the stream fails, closes before its end, yields what cannot be sent, or more than may or other than must be.
 */
export class BodySender {
  readonly #body: StreamedBody;
  readonly #request: WireRequest;
  readonly #fail: (error: unknown) => void;
  readonly #declaredBytes: number | undefined;
  /** While it is read. */
  #source: Source | undefined;
  #isPaused = false;
  #bytes = 0;

  /** @param fail ends the exchange */
  constructor(body: StreamedBody, request: WireRequest, fail: (error: unknown) => void) {
    this.#body = body;
    this.#request = request;
    this.#fail = fail;
    const declared = request.getHeader('content-length');
    if (declared !== undefined) this.#declaredBytes = Number(declared);
  }

  start(): void {
    try {
      this.#begin();
    } catch (error) {
      this.#fail(isAxiosError(error) ? error : this.#body.failed(error, this.#request));
    }
  }

  #begin(): void {
    const { source, before } = this.#body.begin();
    this.#source = source;
    this.#write(before);
    if (this.#body.hasEnded) {
      this.#onEnd();
      return;
    }
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    source.on('error', this.#onError);
    source.on('close', this.#onClose);
    source.resume();
  }

  /** Whether there may be more to come from the stream. */
  get isReading(): boolean {
    return this.#source !== undefined;
  }

  /** Whether it is for the stream to go on, rather than for the upstream to take what it was sent. */
  get waitsForSource(): boolean {
    return this.#source !== undefined && this.#request.writableLength === 0;
  }

  /** Sends no more of it, but the next exchange may. */
  release(): void {
    if (this.#source) this.#body.release();
    this.#detach();
  }

  /** Sends no more of it; nor does anybody else. */
  destroy(): void {
    const isReading = this.#source !== undefined;
    this.#detach();
    if (isReading) this.#body.destroy();
  }

  #detach(): void {
    const source = this.#source;
    this.#source = undefined;
    if (!source) return;
    quietly(() => source.off('data', this.#onData));
    quietly(() => source.off('end', this.#onEnd));
    quietly(() => source.off('error', this.#onError));
    quietly(() => source.off('close', this.#onClose));
  }

  /** @returns whether the request takes more at once */
  #write(chunk: Chunk): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
    if (bytes === 0) return true;
    this.#bytes += bytes;
    if (this.#bytes > this.#body.maxBytes) throw this.#body.tooLarge(this.#request);
    if (this.#bytes > (this.#declaredBytes ?? Infinity)) throw this.#mismatch();
    const takesMore = this.#request.write(chunk, this.#onSent);
    this.#body.remember(chunk, bytes);
    return takesMore;
  }

  #mismatch(): Error {
    return this.#body.mismatch(this.#bytes, this.#declaredBytes!, this.#request);
  }

  readonly #onData = (chunk: Chunk): void => {
    // Forms of the form-data package go on after they are told to stop.
    if (!this.#source) return;
    try {
      this.#isPaused = !this.#write(chunk);
      if (this.#isPaused) this.#source.pause();
    } catch (error) {
      this.#fail(error instanceof TypeError ? this.#body.failed(error, this.#request) : error);
    }
  };

  /** Not `drain`: Node does not tell of that any more once the response has ended. */
  readonly #onSent = (): void => {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    try {
      this.#source?.resume();
    } catch (error) {
      this.#onError(error);
    }
  };

  readonly #onEnd = (): void => {
    this.#body.hasEnded = true;
    if (this.#bytes < (this.#declaredBytes ?? 0)) {
      this.#fail(this.#mismatch());
      return;
    }
    this.#detach();
    this.#request.end();
  };

  readonly #onError = (error: unknown): void => {
    this.#fail(this.#body.failed(error, this.#request));
  };

  readonly #onClose = (): void => {
    this.#fail(this.#body.aborted(this.#request));
  };
}
