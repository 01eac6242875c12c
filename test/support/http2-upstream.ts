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
}

/** Closed after the test. */
export async function startHttp2(
  listen: Listen | undefined,
  { tls, options, onStream }: Http2UpstreamOptions = {},
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
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
