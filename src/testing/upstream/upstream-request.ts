import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A request that an upstream has received. */
export interface UpstreamRequest<Params = Readonly<Record<string, string>>> {
  /** Upper case. */
  readonly method: string;
  /** As on the request line: path and query. */
  readonly url: string;
  /** The path without the query. */
  readonly path: string;
  /** The parameters, decoded. */
  readonly query: URLSearchParams;
  /** What stands for the names in the pattern of the handler; none where nothing was scripted. */
  readonly params: Params;
  /** By names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Empty until all of it has come, and where a `listener` or `raw` was left to read it. */
  readonly body: Buffer;
  /** The connection that it came on: 1 for the first one that was opened. */
  readonly socket: number;
  /** The body as UTF-8. */
  text(): string;
  /**
   * The body as JSON.
   * @throws SyntaxError where it is none
   */
  json(): any;
}

/** One that is being received. */
export class IncomingRequest implements UpstreamRequest {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  params: Readonly<Record<string, string>> = {};
  body: Buffer = Buffer.alloc(0);

  constructor(
    { method = 'GET', url = '/', headers }: IncomingMessage,
    readonly socket: number,
  ) {
    const [path = '/', ...query] = url.split('?');
    this.method = method;
    this.url = url;
    this.path = path;
    this.query = new URLSearchParams(query.join('?'));
    this.headers = headers;
  }

  text(): string {
    return this.body.toString();
  }

  json(): any {
    return JSON.parse(this.text());
  }
}

/** A list of requests as messages show it: methods and paths, as queries may have secrets in them. */
export function listOf(requests: readonly UpstreamRequest[]): string {
  return requests.length === 0 ? 'none' : requests.map(({ method, path }) => `${method} ${path}`).join(', ');
}
