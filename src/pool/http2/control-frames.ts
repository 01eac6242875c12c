import type { Clock } from '../../base/clock.js';

/** PING and SETTINGS frames that a peer may send within `FLOOD_MS`: each is answered. */
const MAX_CONTROL_FRAMES = 500;
const FLOOD_MS = 10_000;
/** ORIGIN frames of a peer (RFC 8336), 16 KB each: one is usual. Node remembers all that they say for as long as the session lasts. */
const MAX_ORIGIN_FRAMES = 10;

/** Counts the frames of a peer that cost us something and bring no response: PING, SETTINGS, ORIGIN. */
export class ControlFrames {
  readonly #clock: Clock;
  #count = 0;
  #since = -Infinity;
  #originFrames = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * One more PING or SETTINGS.
   * @returns what to end the session with, where they are too many
   */
  add(): Error | undefined {
    const now = this.#clock.now();
    if (now - this.#since > FLOOD_MS) {
      this.#since = now;
      this.#count = 0;
    }
    if (++this.#count <= MAX_CONTROL_FRAMES) return undefined;
    return tooMany(`${MAX_CONTROL_FRAMES} PING and SETTINGS frames within ${FLOOD_MS} ms`);
  }

  /**
   * One more ORIGIN.
   * @returns what to end the session with, where they are too many
   */
  addOrigin(): Error | undefined {
    return ++this.#originFrames > MAX_ORIGIN_FRAMES ? tooMany(`${MAX_ORIGIN_FRAMES} ORIGIN frames`) : undefined;
  }

  /** The peer does what it is there for. */
  forgive(): void {
    this.#count = 0;
  }
}

function tooMany(frames: string): Error {
  return Object.assign(new Error(`the upstream sent more than ${frames}`), { code: 'ERR_HTTP2_SESSION_ERROR' });
}
