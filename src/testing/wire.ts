import http from 'node:http';
import { CollectedBytes } from '../base/bytes.js';
import type { Call } from '../call/call.js';
import type { SocketTarget } from '../pool/agents.js';
import type { Agents } from '../pool/pool-agents.js';
import type { NativeTransportSettings } from '../transport/transport.js';
import { MemorySocket } from './memory-socket.js';

/** Where a connection leads, and for which call it was made. */
export interface Connection {
  readonly call: Call;
  /** Of the transport that carries the call. */
  readonly settings: NativeTransportSettings;
  /** Scheme, host and port, as in a URL. */
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  /** The end that the client has: destroyed with an error, its request fails with that. */
  readonly client: MemorySocket;
}

/** A request, all of it there. */
export interface WireRequest {
  readonly connection: Connection;
  readonly message: http.IncomingMessage;
  readonly body: Buffer;
  readonly response: http.ServerResponse;
}

/**
 * Connections to a server within this process. Both sides of them are Node's own HTTP, so that requests and answers are what they would
 * be on a socket; every request has a connection of its own.
 */
export class Wire {
  readonly #server: http.Server;
  readonly #connections = new WeakMap<object, Connection>();

  constructor(onRequest: (request: WireRequest) => void) {
    // Never listens: https://nodejs.org/api/http.html#event-connection
    this.#server = http.createServer({ requireHostHeader: false }, (message, response) => {
      const connection = this.#connections.get(message.socket)!;
      const body = new CollectedBytes();
      message.on('error', () => {}); // the client has gone
      message.on('data', (chunk: Buffer) => body.add(chunk));
      message.on('end', () => onRequest({ connection, message, response, body: body.take() }));
    });
  }

  /** What a call is to be sent on. */
  agentsFor(call: Call, settings: NativeTransportSettings): Agents {
    const agent = (protocol: string, defaultPort: number) => {
      const connect = (target: SocketTarget) => this.#connect({ call, settings }, protocol, defaultPort, target);
      // With keepAlive, so that requests say that they would.
      const to = { protocol, defaultPort, createConnection: connect, keepSocketAlive: () => false };
      return Object.assign(new http.Agent({ keepAlive: true }), to);
    };
    return { httpAgent: agent('http:', 80), httpsAgent: agent('https:', 443) };
  }

  #connect(
    made: Pick<Connection, 'call' | 'settings'>,
    protocol: string,
    defaultPort: number,
    target: SocketTarget,
  ): never {
    const [client, server] = MemorySocket.pair();
    const hostname = target.host ?? 'localhost';
    const port = Number(target.port || defaultPort);
    const { origin } = new URL(`${protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`);
    this.#connections.set(server, { ...made, origin, hostname, port, client });
    this.#server.emit('connection', server);
    return client as never; // all of a socket that Node's HTTP asks for
  }
}
