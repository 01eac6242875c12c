import { finished, type Readable } from 'node:stream';
import { tellAll } from './cancellation.js';

type Listener = (failure: unknown) => void;

interface BodyEnd {
  /** Who waits for it; undefined once it has come. */
  waiting: Listener[] | undefined;
  failure: unknown;
}

/** One for each stream, however many layers wait for its end: a caller's stream gets one listener of ours for each event. */
const ends = new WeakMap<object, BodyEnd>();

/**
 * Calls back once `body` has been read to its end, failed or been destroyed; at once where it has, or is no stream. All are called in the
 * order in which they asked.
 * @param callback gets what it failed with, before those who listen to the stream later on
 */
export function onBodyEnd(body: unknown, callback: (failure?: unknown) => void): void {
  if (!isReadable(body)) {
    callback();
    return;
  }
  const end = ends.get(body) ?? watchEnd(body);
  if (end.waiting) end.waiting.push(callback);
  else callback(end.failure);
}

/** Has a body end for all who ask when the one does that it is filled from, read or not: it holds nothing any more. */
export function endsWith(body: Readable, source: Readable): void {
  ends.set(body, ends.get(source) ?? watchEnd(source));
}

function watchEnd(body: Readable): BodyEnd {
  const end: BodyEnd = { waiting: [], failure: undefined };
  ends.set(body, end);
  // Its listeners stay: who fails a stream that has ended, but is not closed, must not end the process.
  const over = (failure: unknown) => {
    const { waiting } = end;
    end.waiting = undefined;
    end.failure = failure;
    if (waiting) tellAll(waiting, failure);
  };
  try {
    finished(body, { writable: false }, over);
  } catch {
    end.waiting = undefined; // what a layer has answered with only looks like a stream
  }
  return end;
}

/** As `finished` takes it. */
export function isReadable(body: unknown): body is Readable {
  if (typeof body !== 'object' || body === null) return false;
  try {
    const { pipe, on } = body as Partial<Readable>;
    return typeof pipe === 'function' && typeof on === 'function';
  } catch {
    return false; // a getter
  }
}
