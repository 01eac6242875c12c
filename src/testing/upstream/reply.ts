import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpstreamRequest } from './upstream-request.js';

/** A request that waits for its answer. */
export interface UpstreamExchange {
  readonly received: UpstreamRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the response is over, its connection is closed or the upstream closes: nobody waits for an answer any more. */
  readonly ended: AbortSignal;
}

/** How a request is answered, or left without an answer. One reply may answer any number of requests. */
export interface UpstreamReply {
  /** Whether the body of the request is read before. */
  readonly readsBody: boolean;
  /** Fails where it cannot answer. */
  send(exchange: UpstreamExchange): void | Promise<void>;
}

/** A reply, or what chooses one when the request has come in whole. */
export type Answerer<Params = Readonly<Record<string, string>>> =
  UpstreamReply | ((request: UpstreamRequest<Params>) => UpstreamReply | Promise<UpstreamReply>);

/** An answerer as a reply. */
export function toReply(answerer: Answerer): UpstreamReply {
  if (typeof answerer !== 'function') return answerer;
  return {
    readsBody: true,
    send: async (exchange) => {
      const reply = await answerer(exchange.received);
      await reply.send(exchange);
    },
  };
}
