declare module 'axios' {
  interface AxiosResponse {
    /** For clients of nest-outbound: where the time of the call went. */
    timings?: Timings;
  }
}

/**
 * Where the time of a call went, in milliseconds on the client's clock, to the microsecond.
 *
 * `queueMs` and `totalMs` are the call's. The rest is that of its last exchange: the one whose response it is, or which failed; of a hedged
 * call the winner's; after a redirect that with the last target. What happened between exchanges, such as pauses before retries, is in
 * `totalMs` only.
 *
 * A phase is undefined where it was not reached or did not happen. That in which a call failed has its time until then. Of a response that
 * is a stream, `bodyMs` and `totalMs` are undefined until the stream has ended, and then set in this same object.
 */
export interface Timings {
  /** All waiting for a place, of all attempts: in a concurrency limit, under a rate limit, for a socket. */
  readonly queueMs: number | undefined;
  /**
   * The look-up of the host's name: 0 for an address, and for the path of a socket. Undefined on a reused socket, and in a tunnel through a
   * proxy, where it is part of `connectMs`.
   */
  readonly dnsMs: number | undefined;
  /** The TCP connection; in a tunnel all until the proxy has opened it. Undefined on a reused socket. */
  readonly connectMs: number | undefined;
  /** The TLS handshake. Undefined on a reused socket, and for http. */
  readonly tlsMs: number | undefined;
  /** From the socket's being ready to the headers of the response; the request with its body goes out in it. */
  readonly firstByteMs: number | undefined;
  /** From the headers of the response to the end of its body. */
  readonly bodyMs: number | undefined;
  /** From the making of the call to the end of the response's body, or its failure. */
  readonly totalMs: number | undefined;
  /** Whether the socket had carried another request; undefined where the call came to none. */
  readonly reusedSocket: boolean | undefined;
}

/** Timings that are still written. */
export type TimingsRecord = { -readonly [Name in keyof Timings]: Timings[Name] };

export function noTimings(): TimingsRecord {
  return {
    queueMs: undefined,
    dnsMs: undefined,
    connectMs: undefined,
    tlsMs: undefined,
    firstByteMs: undefined,
    bodyMs: undefined,
    totalMs: undefined,
    reusedSocket: undefined,
  };
}

/** To the microsecond: more is noise, and long to read. */
export const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;
