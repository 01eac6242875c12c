import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { WireResponse } from '../engine.js';

/** Stops and goes on reading from the upstream. */
export interface Reading {
  pauseReading(): void;
  resumeReading(): void;
}

/** Repeated headers of which the first counts, as `IncomingMessage` has them: https://nodejs.org/api/http.html#messageheaders */
const FIRST_COUNTS = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** undici's headers, which are an array where one is repeated, as Node's; changed in place. */
function asNodes(headers: Record<string, string | string[] | undefined>): IncomingHttpHeaders {
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (name === 'set-cookie') {
      if (!Array.isArray(value)) headers[name] = [value];
    } else if (Array.isArray(value)) {
      if (FIRST_COUNTS.has(name)) [headers[name]] = value;
      else headers[name] = value.join(name === 'cookie' ? '; ' : ', ');
    }
  }
  return headers;
}

/**
 * A response as undici reads it. Its body goes to one listener for each event, as it comes and without a stream between; or into a
 * stream, where that is asked for.
 */
export class UndiciResponse implements WireResponse {
  readonly httpVersion = '1.1';
  readonly headers: IncomingHttpHeaders;
  readonly headerLines: number;
  /** Whether all of it has come. */
  complete = false;
  /** Set for callers of axios, who look for it here. */
  responseUrl: string | undefined = undefined;
  #raw: readonly (Buffer | string)[];
  #reading: Reading;
  #stream: BodyStream | undefined;
  #onData: ((part: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;

  constructor(
    readonly statusCode: number,
    readonly statusMessage: string,
    headers: Record<string, string | string[] | undefined>,
    raw: readonly (Buffer | string)[],
    readonly req: object,
    reading: Reading,
  ) {
    this.headers = asNodes(headers);
    this.headerLines = raw.length / 2;
    this.#raw = raw;
    this.#reading = reading;
  }

  get rawHeaders(): string[] {
    const strings = this.#raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1')));
    this.#raw = strings;
    return strings;
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
