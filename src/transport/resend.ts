import { diedOnStaleSocket, isIdempotent } from '../base/lost-peer.js';
import type { Call } from '../call/call.js';
import type { WireRequest } from './engine.js';
import type { Exchange } from './exchange.js';
import type { ExchangeRequest } from './request.js';
import { StreamedBody } from './streamed-body.js';

/** Whether a request may be sent a second time, should its pooled socket turn out to be dead. */
export function isRepeatable(request: ExchangeRequest): boolean {
  return isIdempotent(request.method, request.headers) && hasRepeatableBody(request);
}

/** Whether its body can be sent a second time. */
export function hasRepeatableBody({ body }: ExchangeRequest): boolean {
  return !(body instanceof StreamedBody && !body.isRepeatable);
}

/** Whether nothing of a request has been sent, nor read from its stream: the engine found its socket closed. */
function isUnsent({ body }: ExchangeRequest, { request }: Exchange): boolean {
  return request.isUnsent === true && !(body instanceof StreamedBody);
}

/** Whether the upstream has not looked at a request, which may then be sent again whatever it asks for (RFC 9113 §8.7). */
export function wasRefused(exchange: Exchange): boolean {
  const { request } = exchange as { request: WireRequest | undefined };
  return request?.ending === 'refused';
}

/**
 * Whether a request that got no response is sent once more: its pooled socket was dead, or the upstream has refused it.
 * @param isFirst whether it was sent for the first time: a second one finds no dead socket
 * @param isRefused see `wasRefused`
 */
export function isSentAgain(
  error: unknown,
  exchange: Exchange,
  sent: ExchangeRequest,
  { isFirst, isRefused }: { readonly isFirst: boolean; readonly isRefused: boolean },
  call: Call,
): boolean {
  if (!isRefused && !(isFirst && diedOnStaleSocket(error, exchange.reusedSocket))) return false;
  const maySend = isRepeatable(sent) || isUnsent(sent, exchange) || (isRefused && hasRepeatableBody(sent));
  return maySend && call.mayRepeat?.() !== false; // asked last: it takes from the budget
}
