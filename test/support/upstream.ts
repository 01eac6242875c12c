import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { listener, startUpstream as startScripted } from '../../src/testing/index.js';

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Requests received since the start. */
  readonly requests: number;
}

/** The upstream of the testing kit, with one listener for everything, and its counts as numbers. */
export async function startUpstream(listen: RequestListener = answerJson, tls?: ServerOptions): Promise<Upstream> {
  const upstream = await startScripted({ tls });
  upstream.on('*', listener(listen));
  const { url, server, sockets } = upstream;
  return {
    url,
    server,
    get connections() {
      return sockets.opened;
    },
    get open() {
      return sockets.open;
    },
    get requests() {
      return upstream.requests().length;
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  };
}

export function answerJson(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ path: request.url }));
}
