import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Longer than any client of the desk keeps a socket, so that it is the client that decides. */
const KEEP_ALIVE_MS = 60_000;

/** A server on a free port of loopback that plays somebody else's API. */
export interface EmbeddedServer {
  /** As `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** As `127.0.0.1:40123`. */
  readonly host: string;
  /** Cuts every connection. */
  close(): void;
}

/** @param tls https with this, http without */
export async function startServer(
  listener: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<EmbeddedServer> {
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('tlsClientError', () => {}); // a client that refuses the certificate is what it is for
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `${tls ? 'https' : 'http'}://${host}`,
    host,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
