import { AxiosError, type AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import { isReadable, onBodyEnd } from './body-end.js';
import type { Slots } from './slots.js';

/**
 * Offers the slot that a response holds, refused for its status and with a stream for a body, to whoever wants it before anybody has begun to
 * read: its body fails then.
 * @param key whose slot it is
 * @param giveUp gives the slot back
 */
export function offerUnread(response: AxiosResponse | undefined, key: string, slots: Slots, giveUp: () => void): void {
  const body: unknown = response?.data;
  if (!isReadable(body)) return;
  let withdraw: (() => void) | undefined;
  let isOver = false;
  onBodyEnd(body, () => {
    isOver = true;
    withdraw?.();
  });
  // Whoever reads it does so when told of the status: in this turn of the loop, as a rule.
  setImmediate(() => {
    if (isOver) return;
    withdraw = slots.offer(key, () => {
      if (!isUnread(body)) return false;
      body.destroy(unreadError(response!));
      giveUp();
      return true;
    });
  });
}

function isUnread({ readableFlowing, readableDidRead, destroyed }: Readable): boolean {
  return readableFlowing === null && !readableDidRead && !destroyed;
}

function unreadError(response: AxiosResponse): AxiosError {
  const { config, status, request } = response;
  const message = `nobody had begun to read this response of status ${status} when another call needed its socket or its place`;
  return new AxiosError(message, AxiosError.ECONNABORTED, config, request, response);
}
