import type { IncomingHttpHeaders } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders as Http2Headers } from 'node:http2';
import { Readable } from 'node:stream';
import type { WireResponse } from '../engine.js';
import { responseHeaders, withoutPseudo } from './headers.js';

/**
 * A response that a stream of HTTP/2 brings. Its body goes to one listener for each event, as it comes; or into a stream of its own, where that is asked
 * for.
 */
export class Http2Response implements WireResponse {
  readonly httpVersion = '2.0';
  /** HTTP/2 has none. */
  readonly statusMessage = '';
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly headerLines: number;
  readonly rawHeaders: readonly string[];
  /** What came after the body. */
  trailers: IncomingHttpHeaders = {};
  /** Whether all of it has come. */
  complete: boolean;
  /** Set for callers of axios, who look for it here. */
  responseUrl: string | undefined = undefined;
  readonly #source: ClientHttp2Stream;
  #stream: BodyStream | undefined;
  #onData: ((part: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;

  /**
   * @param raw names and values in turn
   * @param complete whether there is no body
   */
  constructor(
    headers: Http2Headers,
    raw: readonly string[],
    complete: boolean,
    readonly req: object,
    source: ClientHttp2Stream,
  ) {
    this.statusCode = Number(headers[':status']);
    this.headers = responseHeaders(headers);
    this.rawHeaders = withoutPseudo(raw);
    this.headerLines = this.rawHeaders.length / 2;
    this.complete = complete;
    this.#source = source;
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
    return (this.#stream ??= new BodyStream(this.#source));
  }

  /** A part of the body has come. */
  add(part: Buffer): void {
    if (this.#stream) {
      if (!this.#stream.push(part)) this.#source.pause();
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
  readonly #source: ClientHttp2Stream;

  constructor(source: ClientHttp2Stream) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
  }

  override _read(): void {
    if (this.#source.isPaused()) this.#source.resume();
  }
}
