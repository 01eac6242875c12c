import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { UpstreamReply } from './reply.js';
import type { UpstreamRequest } from './upstream-request.js';

/** Answers as a listener of `node:http` does. It is called when the head of a request has come, and reads the body, or does not. */
export const listener = (listen: RequestListener): UpstreamReply => ({
  readsBody: false,
  send: ({ request, response }) => listen(request, response),
});

/**
 * Answers with bytes of one's own, on the socket itself. It is called when the head of a request has come; the bytes of the response are
 * whatever is written.
 */
export const raw = (write: (socket: Socket, request: UpstreamRequest) => void | Promise<void>): UpstreamReply => ({
  readsBody: false,
  send: ({ request, received }) => write(request.socket, received),
});
