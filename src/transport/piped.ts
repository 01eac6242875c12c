import type { Readable, Transform } from 'node:stream';
import { CollectedBytes } from './collected-bytes.js';
import { onBodyEnd } from './on-body-end.js';

/** What may wait for a transform that is at work. */
const MAX_WAITING_BYTES = 16 * 1024;

/**
 * Has a transform read a source, at the pace at which the transform is read. What the source fails with the transform fails with; a
 * transform that ends before it closes it. Not `pipeline`: that listens up to five times for one event of a stream that callers get, and
 * hands parts on one by one, however small. Here what comes while the transform is at work goes to it together.
 * @returns the transform
 */
export function piped(source: Readable, into: Transform): Transform {
  const waiting = new CollectedBytes();
  let isAtWork = false;
  let hasEnded = false;
  let isOver = false;

  const goOn = () => {
    if (isOver || isAtWork) return;
    if (waiting.length > 0) {
      isAtWork = true;
      if (source.isPaused()) source.resume();
      into.write(waiting.take(), onWritten);
    } else if (hasEnded) into.end();
  };
  const onWritten = () => {
    isAtWork = false;
    goOn();
  };

  onBodyEnd(source, (failure) => {
    hasEnded = true;
    if (isOver) return;
    if (failure) into.destroy(failure as Error);
    else goOn();
  });
  onBodyEnd(into, () => {
    isOver = true;
    waiting.clear();
    if (!hasEnded) source.destroy();
  });
  source.on('data', (part: Buffer) => {
    if (isOver) return;
    waiting.add(part);
    if (isAtWork && waiting.length >= MAX_WAITING_BYTES) source.pause();
    goOn();
  });
  return into;
}
