import { setMaxListeners } from 'node:events';
import { ClientClosedError } from '../errors/client-closed.error.js';
import type { Call } from './layer.js';

/** For stacks without a pool that closes. */
export const NEVER: AbortSignal = new AbortController().signal;
setMaxListeners(0, NEVER); // as many as wait

/**
 * Tells whoever waits on behalf of a call, with nothing of it under way, when it must not any longer: the call has ended, or the
 * client closes.
 * @param closing the pool's
 * @param giveUp called at most once, with the error for the call; at once where that has happened already
 * @returns stops telling
 */
export function whileWaiting(call: Call, closing: AbortSignal, giveUp: (reason: unknown) => void): () => void {
  const { cancellation } = call;
  const end = (reason: unknown) => {
    stop();
    giveUp(reason);
  };
  const close = () => end(ClientClosedError.waiting(call));
  const stop = () => {
    cancellation.unsubscribe(end);
    closing.removeEventListener('abort', close);
  };
  if (closing.aborted) close();
  else {
    closing.addEventListener('abort', close);
    cancellation.subscribe(end);
  }
  return stop;
}
