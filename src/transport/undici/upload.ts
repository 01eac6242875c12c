import { Readable } from 'node:stream';
import type { Chunk } from '../streamed-body.js';

/** A request body between who writes it and undici, which reads it at the pace of the socket. */
export class Upload extends Readable {
  #onDemand: (() => void) | undefined;
  #hasBegun = false;
  #hasEnded = false;

  constructor() {
    super({ highWaterMark: 64 * 1024 });
    this.on('error', () => {}); // the exchange is told
  }

  /**
   * @param sent called once there is room again, where there is none now
   * @returns whether there is room
   * @throws TypeError for what is neither text nor bytes
   */
  write(chunk: Chunk, sent: () => void): boolean {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      const message = 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array';
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' }); // as Node's request
    }
    const hasRoom = this.push(chunk);
    if (!hasRoom) this.#onDemand = sent;
    return hasRoom;
  }

  /** undici has begun to send it. Of one that has ended by then, it would send the length where chunks are asked for. */
  begin(): void {
    this.#hasBegun = true;
    if (this.#hasEnded) this.push(null);
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#hasBegun) this.push(null);
  }

  override _read(): void {
    const onDemand = this.#onDemand;
    this.#onDemand = undefined;
    onDemand?.();
  }
}
