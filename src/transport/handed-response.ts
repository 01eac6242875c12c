import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { WireResponse } from './engine.js';

/** Stops and goes on reading from the upstream. */
export interface Reading {
  pauseReading(): void;
  resumeReading(): void;
}

/**
 * A response whose parts an engine hands on as it reads them. Its body goes to one listener for each event, as it comes and without a stream
 * between; or into a stream, where that is asked for.
 */
export abstract class HandedResponse implements WireResponse {
  abstract readonly httpVersion: string;
  abstract readonly statusCode: number;
  abstract readonly statusMessage: string;
  abstract readonly headers: IncomingHttpHeaders;
  abstract readonly headerLines: number;
  /** Names and values in turn. */
  abstract readonly rawHeaders: readonly string[];
  /** Whether all of it has come. */
  complete: boolean;
  /** Set for callers of axios, who look for it here. */
  responseUrl: string | undefined = undefined;
  readonly #reading: Reading;
  #stream: BodyStream | undefined;
  #onData: ((part: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;

  /** @param complete whether there is no body */
  constructor(
    readonly req: object,
    reading: Reading,
    complete: boolean,
  ) {
    this.#reading = reading;
    this.complete = complete;
  }

  get headersDistinct(): NodeJS.Dict<string[]> {
    const distinct: NodeJS.Dict<string[]> = Object.create(null);
    const raw = this.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) (distinct[raw[i]!.toLowerCase()] ??= []).push(raw[i + 1]!);
    return distinct;
  }

  /** `true` while somebody takes what comes. */
  get readableFlowing(): boolean | null {
    return this.#stream ? this.#stream.readableFlowing : this.#onData !== undefined;
  }

  get readableLength(): number {
    return this.#stream?.readableLength ?? 0;
  }

  get readableHighWaterMark(): number {
    return this.#stream?.readableHighWaterMark ?? 0;
  }

  listenerCount(event: string): number {
    return this.#stream?.listenerCount(event) ?? 0;
  }

  on(event: 'data', listener: (part: Buffer) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
  on(event: string, listener: (part: never) => void): this {
    if (event === 'data') this.#onData = listener as (part: Buffer) => void;
    else if (event === 'end') this.#onEnd = listener as () => void;
    return this; // of what it fails with, the exchange is told
  }

  destroy(): void {
    this.#onData = this.#onEnd = undefined;
  }

  asReadable(): Readable {
    return (this.#stream ??= new BodyStream(this.#reading));
  }

  /** A part of the body has come. */
  add(part: Buffer): void {
    if (this.#stream) {
      if (!this.#stream.push(part)) this.#reading.pauseReading();
    } else this.#onData?.(part);
  }

  /** It may be handed on that all of it has come. */
  end(): void {
    const onEnd = this.#onEnd;
    this.#onData = this.#onEnd = undefined;
    this.#stream?.push(null);
    if (onEnd) this.#stream?.resume(); // it was asked for to hear of the end only
    onEnd?.();
  }
}

class BodyStream extends Readable {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    super({ highWaterMark: 64 * 1024 });
    this.#reading = reading;
  }

  override _read(): void {
    this.#reading.resumeReading();
  }
}
