import { finished, type Readable } from 'node:stream';

/**
 * Calls back once `body` has been read to its end, failed or been destroyed; at once where it is no stream.
 * @param callback gets what it failed with, before those who listen to the stream later on
 */
export function onBodyEnd(body: unknown, callback: (failure?: unknown) => void): void {
  if (isReadable(body)) finished(body, { writable: false }, callback);
  else callback();
}

function isReadable(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body && typeof body.pipe === 'function';
}
