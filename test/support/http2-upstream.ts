import { once } from 'node:events';
import http2, {
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Listen = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** An upstream that speaks HTTP/2, and HTTP/1.1 where TLS is used and that is allowed. */
export interface Http2Upstream {
  readonly url: string;
  readonly port: number;
  readonly server: Http2Server | Http2SecureServer;
  /** Open now, in the order in which they were opened. */
  readonly sessions: readonly ServerHttp2Session[];
  /** Opened since the start. */
  readonly connections: number;
  /** Streams since the start. */
  readonly streams: number;
  /** What each GOAWAY from the client said, by its code. */
  readonly goaways: readonly number[];
  /** Closes every connection without a word. */
  cut(): void;
}

export interface Http2UpstreamOptions {
  /** Without it, cleartext. */
  readonly tls?: SecureServerOptions;
  readonly options?: ServerOptions;
  /** Instead of `listen`: the streams by themselves. */
  readonly onStream?: (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;
  /** By default, any port of 127.0.0.1. */
  readonly at?: { readonly address: string; readonly port: number };
}

/** Closed after the test. */
export async function startHttp2(
  listen: Listen | undefined,
  { tls, options, onStream, at = { address: '127.0.0.1', port: 0 } }: Http2UpstreamOptions = {},
): Promise<Http2Upstream> {
  const server = tls ? http2.createSecureServer({ ...tls, ...options }) : http2.createServer({ ...options });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const goaways: number[] = [];
  let connections = 0;
  let streams = 0;
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('goaway', (code) => goaways.push(code));
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    streams++;
    stream.on('error', () => {});
    onStream?.(stream, headers);
  });
  if (listen) server.on('request', listen);
  server.listen(at.port, at.address);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const host = tls ? 'localhost' : at.address;
  return {
    url: `${tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    server,
    get sessions() {
      return [...sessions];
    },
    get connections() {
      return connections;
    },
    get streams() {
      return streams;
    },
    goaways,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const MAX_TRIES = 20;

/** Upstreams of HTTP/2 on 127.0.0.1, 127.0.0.2 and so on, all on one port. */
export async function startHttp2Fleet(listeners: readonly Listen[]): Promise<readonly Http2Upstream[]> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const [first, ...others] = listeners;
    // oxlint-disable-next-line no-await-in-loop -- a port that is free at one address may be taken at another
    const one = await startHttp2(first);
    const { port } = one;
    const starting = others.map((listen, n) => startHttp2(listen, { at: { address: `127.0.0.${n + 2}`, port } }));
    // oxlint-disable-next-line no-await-in-loop
    const started = await Promise.allSettled(starting);
    const pods = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (pods.length === others.length) return [one, ...pods];
    for (const pod of [one, ...pods]) pod.server.close();
  }
  throw new Error(`no port is free at ${listeners.length} addresses`);
}
