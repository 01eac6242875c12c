import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ParamsOf } from './path-pattern.js';
import type { Answerer } from './reply.js';
import { RequestLog } from './request-log.js';
import { Routes } from './routes.js';
import { serve } from './serve.js';
import { ServerSockets, type SocketCounts } from './server-sockets.js';
import { testCertificate } from './test-certificate.js';
import type { UpstreamRequest } from './upstream-request.js';

/** Options of `startUpstream`. */
export interface UpstreamOptions {
  /**
   * `true` for HTTPS with a certificate for loopback that is made at the start, by the package `selfsigned`, which is to be installed
   * beside this one; or what `https.createServer` takes.
   * @default plain HTTP
   */
  readonly tls?: true | ServerOptions;
}

/** A real HTTP server on loopback that does what a test tells it to. */
export interface Upstream extends AsyncDisposable {
  /** As `http://127.0.0.1:50123`. */
  readonly url: string;
  /** What a client has to trust (`tls.ca`), as PEM, where `tls` is true. */
  readonly ca: string | undefined;
  /** For what there is no method here. */
  readonly server: Server;
  /** Counts of its connections. */
  readonly sockets: SocketCounts;
  /**
   * Scripts what a request is answered with. The newest that matches counts. What nobody has scripted gets a 501 that says so. A function
   * that throws is a mistake in the test: its request gets a 500, and `close` fails with the error.
   * @param pattern as `GET /users/:id`, `/users` for any method, `/files/*`, `*`
   * @throws TypeError where it is none, or `answerer` is no reply
   */
  on<Pattern extends string>(pattern: Pattern, answerer: Answerer<ParamsOf<Pattern>>): Upstream;
  /** What has been received, oldest first, also requests whose bodies are still to come. */
  requests(pattern?: string): readonly UpstreamRequest[];
  /**
   * Resolves with a request, past or to come, when it has come in whole; with one for a `listener` or `raw`, when its head has.
   * @param count which of those that match
   * @default 1
   * @throws Error with what was received, when the upstream closes before
   */
  received(pattern: string, count?: number): Promise<UpstreamRequest>;
  /** Resolves when no connection is open. */
  disconnected(): Promise<void>;
  /** Forgets what was scripted and what was received; connections stay as they are. */
  clear(): void;
  /** Closes all connections and refuses new ones, until `up`. */
  down(): Promise<void>;
  /** Accepts connections again, at the same address. */
  up(): Promise<void>;
  /**
   * Closes all connections and the server.
   * @throws what a scripted function has thrown; AggregateError where there were several
   */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Starts a server on a free port of 127.0.0.1. It is to be closed: by `close`, or by `await using`. */
export async function startUpstream({ tls }: UpstreamOptions = {}): Promise<Upstream> {
  const made = tls === true ? await testCertificate() : undefined;
  const secure = made ?? (tls as ServerOptions | undefined);
  const server: Server = secure ? createSecureServer(secure) : createServer();
  const sockets = new ServerSockets(server, Boolean(secure));
  const routes = new Routes();
  const log = new RequestLog();
  const serving = serve(server, { routes, log, sockets });

  const listen = async (port: number) => {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const down = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    await sockets.destroyAll();
    await closed;
  };

  const port = await listen(0);
  const upstream: Upstream = {
    url: `${secure ? 'https' : 'http'}://${LOOPBACK}:${port}`,
    ca: made?.cert,
    server,
    sockets,
    on(pattern, answerer) {
      routes.add(pattern, answerer as Answerer);
      return upstream;
    },
    requests: (pattern) => log.list(pattern),
    received: (pattern, count = 1) => log.received(pattern, count),
    disconnected: () => sockets.allClosed(),
    clear() {
      routes.clear();
      log.clear();
    },
    down,
    async up() {
      if (!server.listening) await listen(port);
    },
    async close() {
      await down();
      log.close();
      serving.assertNoMistakes();
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  };
  return upstream;
}
