import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Ends inbound keep-alive connections with their next answer once the app shuts down. Node's `server.close()` closes
 * the ones that are idle at that moment; another would stay open after its answer, and Nest would wait for it.
 */
@Injectable()
export class ClosingConnections implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #unanswered = new Set<ServerResponse>();
  #closing = false;

  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      if (this.#closing) response.setHeader('connection', 'close');
      this.#unanswered.add(response);
      response.once('close', () => this.#unanswered.delete(response));
    });
  }

  onModuleDestroy(): void {
    this.#closing = true;
    for (const response of this.#unanswered) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
  }
}
