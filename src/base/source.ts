import { quietly } from './cancellation.js';

/** A stream that is read once: a Readable, or one from before there were any, as forms of the form-data package are. */
export interface Source extends NodeJS.ReadableStream {
  destroy?(): unknown;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
  readonly readableEnded?: boolean;
}

/** What the form-data package's forms are made of; it offers no other way to close the streams in them. */
interface CombinedStream {
  readonly _released?: boolean;
  readonly _streams?: readonly CombinedPart[];
  readonly _currentStream?: CombinedPart | null;
}
type CombinedPart = { readonly source?: { destroy?(): unknown } } | string | Buffer;

const METHODS = ['pipe', 'on', 'off', 'pause', 'resume'] as const;

/** Whether it has all that is called on it: one that can only be piped is none. */
export function isSource(data: unknown): data is Source {
  if (typeof data !== 'object' || data === null) return false;
  return METHODS.every((method) => typeof (data as Partial<Source>)[method] === 'function');
}

/**
 * Lets a stream fail before anybody reads it, as one of a file that is missing does, without ending the process: a call may
 * wait for its turn. Whoever reads it later finds the failure there.
 */
export function tolerateFailure(data: unknown): void {
  if (!isSource(data) || tolerated.has(data)) return;
  tolerated.add(data);
  data.on('error', () => {});
}

/** The same stream may be sent by many calls, one after another. */
const tolerated = new WeakSet<Source>();

/** Whether it was read to its end. */
export function isConsumed(source: Source): boolean {
  const { _released, _streams, _currentStream } = source as CombinedStream;
  return source.readableEnded === true || (_released === true && _streams?.length === 0 && !_currentStream);
}

/** Closes it, and the streams that a form of the form-data package would leave open. */
export function destroySource(source: Source): void {
  quietly(() => {
    const { _streams = [], _currentStream } = source as CombinedStream;
    const parts = Array.isArray(_streams) ? [_currentStream, ..._streams] : [];
    for (const part of parts) if (typeof part === 'object' && part && 'source' in part) part.source?.destroy?.();
  });
  quietly(() => source.destroy?.());
}
