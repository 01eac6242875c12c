import { CanceledError, isAxiosError } from 'axios';
import { delayNote } from '../base/time-limit.js';
import type { Call } from '../call/call.js';
import { HttpClientError } from './http-client.error.js';

/** A phase of an attempt took too long. Each phase has its own subclass. */
export abstract class TimeoutError extends HttpClientError {
  /**
   * How late the timer fired, in milliseconds: the event loop of this process was blocked for at least that long, so a response could not be
   * noticed. The message says so from 10 % of the limit on (at least 10 ms), or from 100 ms on. Blocks that ended before the timer was due are
   * not seen.
   */
  readonly eventLoopDelayMs: number;

  protected constructor(
    code: string,
    message: string,
    call: Call,
    isUnderWay: boolean,
    limitMs: number,
    eventLoopDelayMs: number,
  ) {
    super(code, message + delayNote(eventLoopDelayMs, limitMs), call, isUnderWay);
    this.eventLoopDelayMs = Math.round(eventLoopDelayMs);
  }
}

/** Whether a call ran out of time: in one of its phases, or by axios's `timeout`. */
export function isTimeoutError(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  return isAxiosError(error) && (error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT');
}

/** No socket became free in time. Raise the limit in the message or `timeouts.poolWaitMs`, or make fewer calls at once. */
export class PoolTimeoutError extends TimeoutError {
  declare readonly code: 'ERR_POOL_TIMEOUT';

  /** @param originIsFull whether the origin had all its sockets in use, rather than the pool */
  constructor(call: Call, ms: number, originIsFull: boolean, eventLoopDelayMs = 0) {
    const limit = originIsFull ? 'pool.maxSockets' : 'pool.maxTotalSockets';
    const message = `waited ${ms} ms for a socket in attempt ${call.attempt}; raise ${limit} or timeouts.poolWaitMs`;
    super('ERR_POOL_TIMEOUT', message, call, true, ms, eventLoopDelayMs);
  }
}

/** DNS, TCP and TLS took too long. */
export class ConnectTimeoutError extends TimeoutError {
  declare readonly code: 'ERR_CONNECT_TIMEOUT';

  constructor(call: Call, ms: number, eventLoopDelayMs = 0) {
    const message = `not connected after ${ms} ms (DNS, TCP, TLS) in attempt ${call.attempt}; see timeouts.connectMs`;
    super('ERR_CONNECT_TIMEOUT', message, call, true, ms, eventLoopDelayMs);
  }
}

/** The upstream took the request but sent no response headers in time, or stopped taking the request. */
export class ResponseTimeoutError extends TimeoutError {
  declare readonly code: 'ERR_RESPONSE_TIMEOUT';

  constructor(call: Call, ms: number, eventLoopDelayMs = 0) {
    const message = `no response headers after ${ms} ms in attempt ${call.attempt}; see timeouts.responseMs`;
    super('ERR_RESPONSE_TIMEOUT', message, call, true, ms, eventLoopDelayMs);
  }
}

/** The upstream fell silent in the middle of its response body. */
export class BodyTimeoutError extends TimeoutError {
  declare readonly code: 'ERR_BODY_TIMEOUT';

  constructor(call: Call, ms: number, eventLoopDelayMs = 0) {
    const message = `the response body was silent for ${ms} ms in attempt ${call.attempt}; see timeouts.bodyIdleMs`;
    super('ERR_BODY_TIMEOUT', message, call, true, ms, eventLoopDelayMs);
  }
}

/** Nobody read a streamed response in time, and it kept a socket. Read it sooner, or destroy it. */
export class BodyUnreadError extends TimeoutError {
  declare readonly code: 'ERR_BODY_UNREAD';

  constructor(call: Call, ms: number, eventLoopDelayMs = 0) {
    const message = `nobody read the response body for ${ms} ms in attempt ${call.attempt}; see timeouts.readerIdleMs`;
    super('ERR_BODY_UNREAD', message, call, true, ms, eventLoopDelayMs);
  }
}

/** Nobody waits for the call any more: the inbound client hung up, or the work around the call was aborted. */
export class InboundAbortedError extends CanceledError<never> {}
