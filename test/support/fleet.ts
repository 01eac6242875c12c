import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** One server of a fleet. */
export class Pod {
  readonly address: string;
  /** Requests received. */
  requests = 0;
  /** Requests that are being answered. */
  active = 0;
  /** Connections accepted. */
  connections = 0;
  answer: RequestListener;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(address: string, answer: RequestListener, tls: ServerOptions | undefined) {
    this.address = address;
    this.answer = answer;
    this.#server = tls ? createSecureServer(tls) : createServer();
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('request', (request, response) => {
      this.requests++;
      this.active++;
      response.once('close', () => {
        this.active--;
        if (!this.#server.listening) this.#server.closeIdleConnections();
      });
      this.answer(request, response);
    });
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** Those connections. */
  get sockets(): readonly Socket[] {
    return [...this.#sockets];
  }

  /** @returns the port; undefined: it is somebody else's */
  async listen(port: number): Promise<number | undefined> {
    this.#server.listen(port, this.address);
    try {
      await once(this.#server, 'listening');
    } catch {
      return undefined;
    }
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends as servers do that are told to: no new connections, idle ones are closed, requests are answered. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    await closed;
  }

  /** Ends as servers do that crash. */
  async kill(): Promise<void> {
    const stopped = this.stop();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await stopped;
  }
}

/** Servers on 127.0.0.1, 127.0.0.2 and so on, all on one port. */
export interface Fleet extends AsyncDisposable {
  readonly pods: readonly Pod[];
  readonly port: number;
  /** Requests of the busiest pod, for each of the mean. */
  readonly imbalance: number;
  /** Forgets what was counted. */
  reset(): void;
}

const MAX_TRIES = 20;

/** @param answer unless a pod has another */
export async function startFleet(count: number, answer: RequestListener, tls?: ServerOptions): Promise<Fleet> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const pods = Array.from({ length: count }, (_, index) => new Pod(`127.0.0.${index + 1}`, answer, tls));
    // oxlint-disable-next-line no-await-in-loop -- a port that is free at one address may be taken at another
    const port = await listenAll(pods);
    if (port !== undefined) return fleetOf(pods, port);
  }
  throw new Error(`no port is free at ${count} addresses`);
}

async function listenAll([first, ...others]: readonly Pod[]): Promise<number | undefined> {
  const port = (await first!.listen(0))!;
  const ports = await Promise.all(others.map((pod) => pod.listen(port)));
  if (!ports.includes(undefined)) return port;
  await Promise.all([first!, ...others].map((pod) => pod.stop()));
  return undefined;
}

function fleetOf(pods: readonly Pod[], port: number): Fleet {
  return {
    pods,
    port,
    get imbalance() {
      const counts = pods.map(({ requests }) => requests);
      return Math.max(...counts) / (counts.reduce((sum, requests) => sum + requests, 0) / counts.length);
    },
    reset() {
      for (const pod of pods) pod.requests = 0;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pods.map((pod) => pod.kill()));
    },
  };
}
