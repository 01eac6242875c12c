import { once } from 'node:events';
import type { UpstreamExchange, UpstreamReply } from './reply.js';

/** Where an exchange stops: before the answer, in the middle of its headers, or of its body. */
export type StoppingPoint = 'request' | 'headers' | 'body';

/** Up to where an answer comes that stops. It announces more than that. */
const BEGINNINGS: Readonly<Record<StoppingPoint, string>> = {
  request: '',
  headers: 'HTTP/1.1 200 OK\r\ncontent-type: text/pl',
  body: 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\nthe beginning',
};

/** Resets the connection (TCP RST). */
export const reset = (at: StoppingPoint = 'request'): UpstreamReply => ({
  readsBody: true,
  send: async (exchange) => {
    await sendBeginning(at, exchange);
    exchange.request.socket.resetAndDestroy();
  },
});

/** Sends no more, for as long as the client waits. */
export const hang = (at: StoppingPoint = 'request'): UpstreamReply => ({
  readsBody: true,
  send: async (exchange) => {
    await sendBeginning(at, exchange);
    if (!exchange.ended.aborted) await once(exchange.ended, 'abort');
  },
});

async function sendBeginning(at: StoppingPoint, { request }: UpstreamExchange): Promise<void> {
  const beginning = BEGINNINGS[at];
  // What has not been sent when a connection is reset is never sent.
  if (beginning !== '') await new Promise((resolve) => request.socket.write(beginning, resolve));
}
