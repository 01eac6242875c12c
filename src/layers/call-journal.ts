import type { InternalAxiosRequestConfig } from 'axios';

/** What is known of a call so far: one for all its attempts, written as it goes on, read by timings and events. */
export interface CallJournal {
  /** Unique in the process. */
  readonly id: number;
  /** The caller's config: what errors and responses have when they leave the client. */
  readonly config: InternalAxiosRequestConfig;
  /** What the layers have made of it; undefined where they have changed nothing. */
  derivedConfigs: InternalAxiosRequestConfig[] | undefined;
  /** When the call was made, on the client's clock. */
  readonly startedAt: number;
  /** How long it has waited for a place so far, in milliseconds: in a concurrency limit, a rate limit, or for a socket. */
  queuedMs: number;
  /** Requests made for it so far, retries and hedges included. */
  requests: number;
  /** Whether an upstream has answered, so that the event loop has turned since the call was made. */
  hasAnswer: boolean;
  /**
   * The next request made for it is not for a pooled socket that has been idle since before this time, on the client's clock: whoever was at
   * its other end may be gone. -Infinity: any will do.
   */
  trustsSince: number;
}

let calls = 0;

export function callJournal(startedAt: number, config: InternalAxiosRequestConfig): CallJournal {
  return {
    id: ++calls,
    config,
    derivedConfigs: undefined,
    startedAt,
    queuedMs: 0,
    requests: 0,
    hasAnswer: false,
    trustsSince: -Infinity,
  };
}
