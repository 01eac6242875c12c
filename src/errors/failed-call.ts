import type { Timings } from '../base/timings.js';
import type { Attempt } from './http-client.error.js';

/** What clients of nest-outbound add to the error of a call that failed. */
export interface FailedCall {
  /** The attempts of the call; empty if it failed before the first. */
  attempts?: readonly Attempt[];
  /** Where the time of the call went, until it failed. */
  timings?: Timings;
  /** For timeouts: how late the timer fired, because this process's event loop was blocked. In milliseconds. */
  eventLoopDelayMs?: number;
}

declare module 'axios' {
  interface AxiosError {
    /** For clients of nest-outbound: the attempts of the call; empty if it failed before the first. */
    attempts?: FailedCall['attempts'];
    /** For clients of nest-outbound: where the time of the call went, until it failed. */
    timings?: FailedCall['timings'];
    /** For timeouts of nest-outbound: how late the timer fired, because this process's event loop was blocked. In milliseconds. */
    eventLoopDelayMs?: FailedCall['eventLoopDelayMs'];
  }
}
