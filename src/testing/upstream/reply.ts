import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { UpstreamRequest } from './upstream-request.js';

/** A request that waits for its answer. */
export interface UpstreamExchange {
  /** The request, with its body. */
  readonly received: UpstreamRequest;
  /** Node's object for the request. */
  readonly request: IncomingMessage;
  /** Node's object for the response. */
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

/**
 * An answerer as a reply.
 * @throws TypeError where it is none; what a function returns is looked at when a request has come
 */
export function toReply(answerer: Answerer): UpstreamReply {
  if (typeof answerer !== 'function') return checkedReply(answerer, '');
  return {
    readsBody: true,
    send: async (exchange) => checkedReply(await answerer(exchange.received), ' from the function').send(exchange),
  };
}

function checkedReply(reply: UpstreamReply, source: string): UpstreamReply {
  if (typeof (reply as UpstreamReply | undefined)?.send === 'function') return reply;
  throw new TypeError(`expected a reply${source}, as json({ ok: true }) or status(503), got ${inspect(reply)}`);
}
