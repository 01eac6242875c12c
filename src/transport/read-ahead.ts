import { AxiosError, type AxiosResponse } from 'axios';
import { PassThrough, type Readable } from 'node:stream';
import type { Slots } from '../policies/slots.js';
import { endsWith, isReadable, onBodyEnd } from './on-body-end.js';
import { piped } from './piped.js';

/** What is kept of a body in case that its caller reads it later: the explanation of a refused status, as a rule. */
const MAX_AHEAD_BYTES = 64 * 1024;

/** The same body, of which 64 KiB are read before anybody asks for them: one that is shorter gives its socket back, read or not. */
export function readAhead(body: Readable): Readable {
  const ahead = piped(body, new PassThrough({ readableHighWaterMark: MAX_AHEAD_BYTES }));
  endsWith(ahead, body);
  return ahead;
}

/**
 * Sees to it that a response that is refused for its status, and that nobody reads, keeps no other call from a socket: its body is read
 * ahead, and one that is longer is given up where its slot is wanted before anybody has begun to read.
 * @param origin whose slot it holds
 * @param giveUp gives the slot back
 */
export function yieldUnread(response: AxiosResponse, origin: string, slots: Slots, giveUp: () => void): void {
  const body: unknown = response.data;
  if (!isReadable(body)) return;
  const ahead = readAhead(body);
  response.data = ahead;
  // Whoever reads it does so when told of the status: in this turn of the loop, as a rule.
  setImmediate(() => {
    if (body.readableEnded || body.destroyed) return;
    const withdraw = slots.offer(origin, () => {
      if (!isUnread(ahead)) return false;
      ahead.destroy(unreadError(response));
      giveUp();
      return true;
    });
    onBodyEnd(body, withdraw);
  });
}

function isUnread({ readableFlowing, readableDidRead }: Readable): boolean {
  return readableFlowing === null && !readableDidRead;
}

function unreadError(response: AxiosResponse): AxiosError {
  const { config, status, request } = response;
  const message = `nobody had begun to read this response of status ${status} when another call needed its socket`;
  return new AxiosError(message, AxiosError.ECONNABORTED, config, request, response);
}
