import type { Socket } from 'node:net';
import { type Alarm, Alarms } from '../../base/alarms.js';
import type { Clock } from '../../base/clock.js';

/** After so long without a sign of the peer, it is asked for one. */
const SILENCE_MS = 10_000;
/** How long it may take to give one. */
const PONG_MS = 2_000;
/** How often it gets that time once more, while other bytes come from it. */
const MAX_PATIENCE = 4;

/** The session whose peer may be gone. */
export interface Watched {
  readonly socket: Socket;
  readonly isGone: boolean;
  /** Streams that were promised or are under way. */
  readonly streams: number;
  /** Asks the peer for a sign of life. Until it comes, there are no new streams. */
  probe(): void;
  /** Ends the session, its streams included. */
  destroy(error: Error): void;
}

/** When the peer of a session was heard of, and whether it is being asked for a sign of life: after 10 s of silence while there are streams. */
export class Liveness implements Alarm {
  dueAt = Infinity;
  previous: Alarm | undefined = undefined;
  next: Alarm | undefined = undefined;
  readonly #session: Watched;
  readonly #clock: Clock;
  #heardAt: number;
  #bytesHeard: number;
  #isSuspect = false;
  #askedAt: number | undefined;
  #patience = 0;

  constructor(session: Watched, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.#bytesHeard = session.socket.bytesRead;
  }

  /** Whether the peer is to be asked before it gets a stream. */
  get isInDoubt(): boolean {
    return this.#isSuspect || this.#clock.now() - this.#heardAt >= SILENCE_MS;
  }

  /** Whether the peer has been asked, and has not answered yet. */
  get isAsked(): boolean {
    return this.#askedAt !== undefined;
  }

  /** There are streams: silence counts. */
  watch(): void {
    if (this.dueAt === Infinity) this.#lookAgain(SILENCE_MS);
  }

  /** There are none any more. */
  rest(): void {
    Alarms.of(this.#clock).clear(this);
  }

  /** The peer has been heard of. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    this.#bytesHeard = this.#session.socket.bytesRead;
    this.#isSuspect = false;
  }

  /**
   * The peer may be gone, unless it has been heard of since.
   * @returns whether it may
   */
  suspect(since: number): boolean {
    if (this.#heardAt > since) return false;
    this.#isSuspect = true;
    return true;
  }

  /** The peer is asked now. */
  asked(): void {
    this.#askedAt = this.#clock.now();
    this.#bytesHeard = this.#session.socket.bytesRead;
    this.#patience = MAX_PATIENCE;
  }

  /** No answer by then: it is gone. */
  await(): void {
    this.#lookAgain(PONG_MS);
  }

  /** It has answered. */
  answered(): void {
    this.heard();
    this.#askedAt = undefined;
  }

  ring(): void {
    // What has come is read before it counts as missing: timers fire first where the loop was blocked.
    setImmediate(() => this.#look());
  }

  #look(): void {
    const session = this.#session;
    if (session.isGone || (session.streams === 0 && this.#askedAt === undefined)) return;
    const now = this.#clock.now();
    const { bytesRead } = session.socket;
    const hasMoved = bytesRead !== this.#bytesHeard;
    this.#bytesHeard = bytesRead;
    if (this.#askedAt !== undefined) {
      // The answer to a PING may be behind a long body.
      if (hasMoved && this.#patience-- > 0) this.#askedAt = now;
      if (now - this.#askedAt >= PONG_MS) session.destroy(silent());
      else this.#lookAgain(PONG_MS - (now - this.#askedAt));
      return;
    }
    if (hasMoved) this.#heardAt = now;
    if (now - this.#heardAt >= SILENCE_MS) session.probe();
    else this.#lookAgain(SILENCE_MS - (now - this.#heardAt));
  }

  #lookAgain(ms: number): void {
    const now = this.#clock.now();
    Alarms.of(this.#clock).set(this, now + ms, now);
  }
}

function silent(): Error {
  return Object.assign(new Error(`the upstream did not answer a PING within ${PONG_MS} ms`), { code: 'ETIMEDOUT' });
}
