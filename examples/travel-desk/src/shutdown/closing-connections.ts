import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends inbound connections once the app shuts down, each with the answer it is waiting for. Node's `server.close()` closes
 * only those that are idle at that moment, and Nest waits for all: for a keep-alive connection until it times out after
 * its answer, for one that has carried no request yet, as browsers open them ahead of need, for as long as it stays.
 */
@Injectable()
export class ClosingConnections implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #unused = new Set<Socket>();
  readonly #unanswered = new Set<ServerResponse>();
  #closing = false;

  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.on('connection', (socket: Socket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#unused.delete(request.socket);
      if (this.#closing) closeAfter(response);
      this.#unanswered.add(response);
      response.once('close', () => this.#unanswered.delete(response));
    });
  }

  onModuleDestroy(): void {
    this.#closing = true;
    for (const response of this.#unanswered) closeAfter(response);
  }

  /** The last moment before Nest stops the server. */
  beforeApplicationShutdown(): void {
    for (const socket of this.#unused) socket.destroy();
  }
}

/** An event stream sends `connection: keep-alive` whatever it is told. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
  response.once('finish', () => response.req.socket.destroySoon());
}
