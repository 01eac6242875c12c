import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawUpstream extends AsyncDisposable {
  readonly port: number;
}

/** A TCP server on loopback that does what a test wants with the first bytes of each connection. */
export async function startRawUpstream(behave: (socket: Socket) => void): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => behave(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** A port of loopback that nobody listens on. */
export async function deadPort(): Promise<number> {
  await using upstream = await startRawUpstream(() => {});
  return upstream.port;
}
