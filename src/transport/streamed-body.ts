import { AxiosError, CanceledError } from 'axios';
import type { Readable } from 'node:stream';
import { CollectedBytes } from '../base/bytes.js';
import { quietly } from '../base/cancellation.js';
import { destroySource, isConsumed, type Source } from '../base/source.js';
import type { Call } from '../call/call.js';
import { BodyConsumedError, rememberSourceError } from '../errors/body.errors.js';
import type { WireRequest } from './engine.js';

export type Chunk = string | Uint8Array;

/**
 * What is remembered of a stream that has been sent, for a redirect that asks for it again: the fields of a form, as a rule. To
 * remember files would be to read them into memory, as follow-redirects does.
 */
const MAX_REMEMBERED_BYTES = 64 * 1024;

/** A request body that is read while it is sent, for all the exchanges of one attempt. */
export class StreamedBody {
  /** Whether all of it can be read again, as a Blob or FormData can; a stream cannot. */
  readonly isRepeatable: boolean;
  /** Whether the stream has been read to its end. */
  hasEnded = false;
  readonly #call: Call;
  readonly #open: (() => Readable) | undefined;
  #source: Source | undefined;
  #begun = false;
  /** What was sent of a stream; undefined where that is too much. */
  #remembered: CollectedBytes | undefined = new CollectedBytes();

  /** @param from a stream, or what opens one anew each time */
  constructor(call: Call, from: Source | (() => Readable)) {
    this.#call = call;
    this.isRepeatable = typeof from === 'function';
    if (typeof from === 'function') this.#open = from;
    else this.#source = from;
  }

  /** Whether another exchange can send it from its beginning. */
  get canBeSentAgain(): boolean {
    return this.#remembered !== undefined;
  }

  /** What may be sent of it; Infinity where nothing limits that. */
  get maxBytes(): number {
    const { maxBodyLength = -1 } = this.#call.config;
    return maxBodyLength > -1 ? maxBodyLength : Infinity;
  }

  /**
   * To be asked before a request is made for it: a stream may have failed while the call waited for its turn.
   * @throws BodyConsumedError, or what the stream has failed with
   */
  assertUsable(): void {
    if (this.#begun || !this.#source) return;
    const { errored, destroyed } = this.#source;
    if (errored) throw this.failed(errored);
    if (isConsumed(this.#source)) throw BodyConsumedError.beforeCall(this.#call);
    if (destroyed) throw this.aborted();
  }

  /**
   * Another exchange sends it from its beginning.
   * @returns where to read it from, and what was read there before, to be sent first
   */
  begin(): { readonly source: Source; readonly before: Buffer } {
    this.#begun = true;
    if (this.#open) {
      this.hasEnded = false;
      this.#source = this.#open();
    }
    return { source: this.#source!, before: this.#remembered!.take() };
  }

  /** A part of it has been sent. */
  remember(chunk: Chunk, bytes: number): void {
    if (this.#open || !this.#remembered) return;
    if (this.#remembered.length + bytes > MAX_REMEMBERED_BYTES) this.#remembered = undefined;
    else this.#remembered.add(asBuffer(chunk));
  }

  /** The exchange that sent it is over; the next may begin again. */
  release(): void {
    if (this.#open) this.destroy();
    else quietly(() => this.#source!.pause());
  }

  /** Nobody sends what is left of it. A stream that nobody has begun to send stays the caller's, as with axios. */
  destroy(): void {
    if (this.#begun && !this.hasEnded) destroySource(this.#source!);
  }

  tooLarge(request?: WireRequest): Error {
    const message = 'Request body larger than maxBodyLength limit';
    return new AxiosError(message, AxiosError.ERR_BAD_REQUEST, this.#call.config, request);
  }

  /** The stream has closed without an end. */
  aborted(request?: WireRequest): Error {
    return new CanceledError('Request stream has been aborted', this.#call.config, request);
  }

  /** The stream has failed, or has yielded what cannot be sent. */
  failed(error: unknown, request?: WireRequest): Error {
    const cause = error instanceof Error ? error : new Error(String(error));
    return rememberSourceError(AxiosError.from(cause, undefined, this.#call.config, request));
  }

  /** Sent on, what is too much would be taken for another request, and what is missing be waited for. */
  mismatch(bytes: number, declared: number, request: WireRequest): Error {
    const message = `the request body has ${bytes > declared ? 'more' : 'less'} than the ${declared} bytes of its Content-Length`;
    return new AxiosError(message, 'ERR_HTTP_CONTENT_LENGTH_MISMATCH', this.#call.config, request);
  }
}

function asBuffer(chunk: Chunk): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
