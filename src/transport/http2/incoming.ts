import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { coded, headerBytes, responseHeaders } from './headers.js';
import { Http2Response } from './response.js';

const END_STREAM = 1;

/** Who waits for a response. */
export interface ResponseTaker {
  /** It wants no more of the body. */
  readonly destroyed: boolean;
  /**
   * The headers of a response have come, of so many bytes.
   * @returns whether somebody is to hear of it
   */
  answered(headerBytes: number): boolean;
  /** So many bytes of its body have come. */
  came(bytes: number): void;
  responded(response: Http2Response): void;
  /** The response cannot be taken; the stream goes on until somebody ends it. */
  refused(error: Error): void;
  /** The stream is over. */
  streamClosed(stream: ClientHttp2Stream): void;
}

/** What a stream brings: a response, its body and trailers. */
export class Incoming {
  res: Http2Response | undefined;
  /** Bytes of the body that have come. */
  moved = 0;
  /** What Node has ended the stream with. */
  error: Error | undefined;
  readonly #taker: ResponseTaker;
  readonly #maxHeaderBytes: number;
  #hasAllCome = false;

  constructor(stream: ClientHttp2Stream, taker: ResponseTaker, maxHeaderBytes: number) {
    this.#taker = taker;
    this.#maxHeaderBytes = maxHeaderBytes;
    const push = stream.push.bind(stream);
    stream.push = (part: unknown, encoding) => {
      // Node ends a stream that is cut, too: that is closed by then.
      if (part !== null) taker.came((part as Buffer).length);
      else if (!stream.closed) this.#hasAllCome = true;
      return push(part, encoding);
    };
    stream.on('response', (headers, flags, raw?: string[]) => this.#onResponse(stream, headers, flags, raw));
    stream.on('trailers', (trailers, _flags, raw?: string[]) => this.#onTrailers(trailers, raw));
    stream.on('error', (error) => (this.error = error));
    stream.on('close', () => taker.streamClosed(stream));
  }

  #onResponse(stream: ClientHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[] | undefined): void {
    const taker = this.#taker;
    const rawHeaders = raw ?? rawOf(headers);
    const bytes = headerBytes(rawHeaders);
    if (!taker.answered(bytes)) return;
    if (bytes > this.#maxHeaderBytes) {
      taker.refused(tooManyHeaders());
      return;
    }
    const res = new Http2Response(headers, rawHeaders, (flags & END_STREAM) !== 0, taker, stream);
    this.res = res;
    taker.responded(res);
    stream.on('data', (part: Buffer) => {
      this.moved += part.length;
      if (!taker.destroyed) res.add(part);
    });
    stream.on('end', () => {
      if (this.#hasAllCome) res.complete = true;
      if (res.complete && !taker.destroyed) res.end();
    });
  }

  #onTrailers(trailers: IncomingHttpHeaders, raw: string[] | undefined): void {
    if (!this.res) return;
    if (headerBytes(raw ?? rawOf(trailers)) > this.#maxHeaderBytes) this.#taker.refused(tooManyHeaders());
    else this.res.trailers = responseHeaders(trailers);
  }
}

function tooManyHeaders(): Error {
  return coded(new Error('Header overflow'), 'HPE_HEADER_OVERFLOW');
}

/** Where Node does not tell them: as good as the same. */
function rawOf(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]));
}
