import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answer } from './answer.js';

/** Tells sockets apart: the number of the connection that carried the response. */
export const CONNECTION_HEADER = 'x-connection';
/** 1 for the first request on its connection. */
export const ORDINAL_HEADER = 'x-request-on-connection';

/** Longer than the client keeps a socket, so that it is the client that decides. */
const KEEP_ALIVE_MS = 60_000;

/** Somebody else's API, in this process so that the example needs nothing but itself. */
@Injectable()
export class EmbeddedUpstream implements OnModuleInit, OnApplicationShutdown {
  readonly #server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  readonly #connections = new WeakMap<Socket, { readonly id: number; requests: number }>();
  #accepted = 0;

  constructor(private readonly port: number) {
    this.#server.on('connection', (socket) => this.#connections.set(socket, { id: ++this.#accepted, requests: 0 }));
    this.#server.on('request', (request, response) => {
      const connection = this.#connections.get(request.socket)!;
      response.setHeader(CONNECTION_HEADER, connection.id);
      response.setHeader(ORDINAL_HEADER, ++connection.requests);
      answer(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async onModuleInit(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  onApplicationShutdown(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
