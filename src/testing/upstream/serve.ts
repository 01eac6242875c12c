import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { CollectedBytes } from '../../base/bytes.js';
import { text } from './answers.js';
import type { UpstreamReply } from './reply.js';
import type { RequestLog } from './request-log.js';
import type { Routes } from './routes.js';
import type { ServerSockets } from './server-sockets.js';
import { IncomingRequest } from './upstream-request.js';

export interface Serving {
  /** @throws what scripted functions have thrown, once */
  assertNoMistakes(): void;
}

interface Parts {
  readonly routes: Routes;
  readonly log: RequestLog;
  readonly sockets: ServerSockets;
}

/** Answers the requests of a server as they are scripted, and logs them. */
export function serve(server: Server, { routes, log, sockets }: Parts): Serving {
  const mistakes: unknown[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse, ended: AbortSignal) => {
    const received = new IncomingRequest(request, sockets.numberOf(request.socket));
    const found = routes.find(received.method, received.path);
    received.params = found?.params ?? {};
    log.add(received);
    const reply = found?.reply ?? notScripted(received, routes.patterns);
    if (reply.readsBody) {
      const body = await bodyOf(request);
      if (!body) return;
      received.body = body;
    }
    log.complete(received);
    try {
      await reply.send({ received, request, response, ended });
    } catch (error) {
      if (ended.aborted) return; // nobody waits for what is left of the answer
      mistakes.push(error);
      if (response.headersSent) request.socket.destroy();
      else
        response.writeHead(500).end(`The handler of ${received.method} ${received.path} has failed: ${String(error)}`);
    }
  };

  server.on('request', (request, response) => {
    const controller = new AbortController();
    response.once('close', () => controller.abort());
    void answer(request, response, controller.signal);
  });

  return {
    assertNoMistakes() {
      const thrown = mistakes.splice(0);
      if (thrown.length === 1) throw thrown[0];
      if (thrown.length > 1) throw new AggregateError(thrown, `${thrown.length} handlers of an upstream have failed`);
    },
  };
}

/** @returns undefined where the client goes in the middle of it */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const bytes = new CollectedBytes();
  try {
    for await (const chunk of request) bytes.add(chunk as Buffer);
  } catch {
    return undefined;
  }
  return bytes.take();
}

function notScripted({ method, path }: IncomingRequest, patterns: readonly string[]): UpstreamReply {
  const scripted = patterns.length === 0 ? 'Nothing is scripted' : `Scripted: ${patterns.join(', ')}`;
  return text(`No handler for ${method} ${path}. ${scripted}.\n`, { status: 501 });
}
