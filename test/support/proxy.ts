import { once } from 'node:events';
import { createServer, type RequestListener, request as forward } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Tunnels opened since the start. */
  readonly tunnels: number;
  /** Plain requests forwarded since the start. */
  readonly forwarded: number;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** The Proxy-Authorization of each request. */
  readonly authorizations: (string | undefined)[];
}

export interface ProxyOptions {
  /** What CONNECT is refused with; 200: it is not. */
  readonly status?: number;
  /** CONNECT is not answered. */
  readonly hangs?: boolean;
  /** It is reached over TLS. */
  readonly tls?: ServerOptions;
  /** The answer that opens a tunnel, in the parts in which it is written. */
  readonly opening?: readonly string[];
}

/** A real forward proxy on loopback. */
export async function startProxy({
  status = 200,
  hangs = false,
  tls,
  opening = ['HTTP/1.1 200 Connection Established\r\n\r\n'],
}: ProxyOptions = {}): Promise<Proxy> {
  let tunnels = 0;
  let forwarded = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const authorizations: (string | undefined)[] = [];
  const answer: RequestListener = (incoming, outgoing) => {
    forwarded++;
    authorizations.push(incoming.headers['proxy-authorization']);
    const { hostname, port, pathname, search } = new URL(incoming.url!);
    const { method, headers } = incoming;
    const onward = forward({ hostname, port, path: pathname + search, method, headers, agent: false }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(onward);
  };
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', (socket) => {
    connections++;
    track(socket);
  });
  server.on('connect', (incoming, socket: Socket) => {
    tunnels++;
    authorizations.push(incoming.headers['proxy-authorization']);
    if (hangs) {
      socket.on('end', () => socket.end()).resume();
      return;
    }
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    socket.setNoDelay();
    const onward = connect(Number(port || 80), hostname, () => {
      const write = ([part, ...rest]: readonly string[]) => {
        if (part === undefined) onward.pipe(socket).pipe(onward);
        else socket.write(part, () => setImmediate(write, rest));
      };
      write(opening);
    });
    onward.on('error', () => socket.destroy());
    socket.once('close', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get tunnels() {
      return tunnels;
    },
    get forwarded() {
      return forwarded;
    },
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    authorizations,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
