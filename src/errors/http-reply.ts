import type { ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';

/** What a framework's reply has, of express and of fastify. */
interface FrameworkReply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
  /** Node's own, on fastify. */
  readonly raw?: ServerResponse;
}

/** What an exception filter gets to answer with: on fastify Node's own response for what a middleware threw. */
export type HttpReply = FrameworkReply | ServerResponse;

/** Whether part of an answer has been sent. */
export function hasBegun(reply: HttpReply): boolean {
  return rawOf(reply).headersSent;
}

/** Whether nobody can be answered any more. */
export function isClosed(reply: HttpReply): boolean {
  const raw = rawOf(reply) as ServerResponse & { readonly stream?: Http2Stream };
  return raw.stream?.destroyed ?? raw.destroyed; // an HTTP/2 response knows only of its stream
}

export function sendReply(
  reply: HttpReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if ('send' in reply) {
    reply.status(status);
    for (const name in headers) reply.header(name, headers[name]!);
    reply.send(body);
  } else {
    reply.writeHead(status, headers).end(body);
  }
}

/**
 * Closes the connection (HTTP/2: the stream), unless the answer is complete: ended as usual, half an answer would look like a
 * whole one.
 */
export function breakOff(reply: HttpReply): void {
  const raw = rawOf(reply);
  if (!raw.writableEnded) raw.destroy();
}

function rawOf(reply: HttpReply): ServerResponse {
  return 'send' in reply ? (reply.raw ?? (reply as unknown as ServerResponse)) : reply;
}
