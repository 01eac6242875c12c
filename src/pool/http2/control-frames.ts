import type { Clock } from '../../base/clock.js';

/** PING and SETTINGS frames that a peer may send within `FLOOD_MS`: each is answered. */
const MAX_CONTROL_FRAMES = 500;
const FLOOD_MS = 10_000;

/** Counts the PING and SETTINGS frames of a peer. */
export class ControlFrames {
  readonly #clock: Clock;
  #count = 0;
  #since = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * One more.
   * @returns what to end the session with, where they are too many
   */
  add(): Error | undefined {
    const now = this.#clock.now();
    if (now - this.#since > FLOOD_MS) {
      this.#since = now;
      this.#count = 0;
    }
    if (++this.#count <= MAX_CONTROL_FRAMES) return undefined;
    const message = `the upstream sent more than ${MAX_CONTROL_FRAMES} PING and SETTINGS frames within ${FLOOD_MS} ms`;
    return Object.assign(new Error(message), { code: 'ERR_HTTP2_SESSION_ERROR' });
  }

  /** The peer does what it is there for. */
  forgive(): void {
    this.#count = 0;
  }
}
