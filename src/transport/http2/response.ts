import type { IncomingHttpHeaders } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders as Http2Headers } from 'node:http2';
import { HandedResponse } from '../handed-response.js';
import { responseHeaders, withoutPseudo } from './headers.js';

/** A response that a stream of HTTP/2 brings. */
export class Http2Response extends HandedResponse {
  readonly httpVersion = '2.0';
  /** HTTP/2 has none. */
  readonly statusMessage = '';
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly headerLines: number;
  readonly rawHeaders: readonly string[];
  /** What came after the body. */
  trailers: IncomingHttpHeaders = {};

  /**
   * @param raw names and values in turn
   * @param complete whether there is no body
   */
  constructor(
    headers: Http2Headers,
    raw: readonly string[],
    complete: boolean,
    req: object,
    source: ClientHttp2Stream,
  ) {
    const reading = {
      pauseReading: () => void source.pause(),
      resumeReading: () => {
        if (source.isPaused()) source.resume();
      },
    };
    super(req, reading, complete);
    this.statusCode = Number(headers[':status']);
    this.headers = responseHeaders(headers);
    this.rawHeaders = withoutPseudo(raw);
    this.headerLines = this.rawHeaders.length / 2;
  }
}
