import { inspect } from 'node:util';
import { DEFAULT_RULES } from '../redaction/rules.js';
import {
  checkChunks,
  checkFailure,
  checkReply,
  type ErrorCode,
  fail,
  type Reply,
  type ReplyHeaders,
  sendReply,
  sendStream,
  type StreamChunk,
  type StreamOptions,
} from './answer.js';
import type { Answer, Arrival } from './arrival.js';
import { isTime } from './manual-clock.js';
import { soon } from './real-timers.js';
import type { ReceivedRequest } from './received-request.js';
import { describeMatch, type RequestMatch } from './request-match.js';

/** Ways to answer, before or after the request has come. */
export interface Answers<Self, Body = unknown> {
  /**
   * @param status 200 to 599
   * @param body a text or bytes are sent as they are; anything else as JSON, with its content type; undefined: none
   * @throws RangeError for the status, TypeError for a body that is a function, a promise or a stream, or Node's error for headers that
   *   cannot be sent
   */
  reply(status: number, body?: unknown, headers?: ReplyHeaders): Self;
  /** Has the request say what it is answered. What the function throws, the call fails with, and `verify()` lists, with the request. */
  replyWith(answer: (request: ReceivedRequest<Body>) => Reply | Promise<Reply>): Self;
  /**
   * @param chunks or a function that makes them, for more than one request
   * @throws TypeError for what has no chunks
   */
  stream(chunks: StreamChunks | (() => StreamChunks), options?: StreamOptions): Self;
  /** Ends it with what the transport fails with in production: see `ErrorCode`. @throws TypeError for another code */
  error(code: ErrorCode | Error): Self;
  /** Never answers: for timeouts. */
  hang(): Self;
  /** Has the answer that follows wait, on the clock of the clients. @throws RangeError for what is no time */
  delay(ms: number): Answers<Self, Body>;
}

/** The chunks of a streamed answer, in order. */
export type StreamChunks = Iterable<StreamChunk> | AsyncIterable<StreamChunk>;

/** The one request that `expectOne` is for. */
export interface ExpectedRequest<Body = unknown> extends Answers<ExpectedRequest<Body>, Body> {
  /** @throws Error while it has not come */
  readonly request: ReceivedRequest<Body>;
  /** Resolves when it comes. Fails where another has come that nobody expects, or the app closes before. */
  readonly received: Promise<ReceivedRequest<Body>>;
}

/**
 * The requests that `match` is for. Each gets the answer at its place, those after the last answer get the last:
 * `match('/rates').reply(503).reply(200, rates)`.
 */
export interface MatchedRequests<Body = unknown> extends Answers<MatchedRequests<Body>, Body> {
  /** Those that have come. */
  readonly requests: readonly ReceivedRequest<Body>[];
  /** Resolves when the first comes. Fails where another has come that nobody expects, or the app closes before. */
  readonly received: Promise<ReceivedRequest<Body>>;
}

/** How many requests there must be. */
export interface Count {
  /** At least. */
  readonly min: number;
  /** At most. */
  readonly max: number;
}

/** Requests that are expected, and what they are answered. */
export class Expectation implements ExpectedRequest<any>, MatchedRequests<any> {
  readonly match: RequestMatch;
  readonly count: Count;
  readonly arrivals: Arrival[] = [];
  readonly #answers: Answer[] = [];
  #delayMs = 0;
  #received: Promise<ReceivedRequest<any>> | undefined;
  #resolve: ((request: ReceivedRequest<any>) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #givenUp: Error | undefined;

  constructor(match: RequestMatch, count: Count) {
    this.match = match;
    this.count = count;
  }

  get isUsedUp(): boolean {
    return this.arrivals.length >= this.count.max;
  }

  get isMet(): boolean {
    return this.arrivals.length >= this.count.min;
  }

  /** It need not be met, and is never used up. */
  get isLasting(): boolean {
    return this.count.max === Infinity && this.count.min === 0;
  }

  get requests(): readonly ReceivedRequest<any>[] {
    return this.arrivals.map(({ request }) => request);
  }

  get request(): ReceivedRequest<any> {
    const [first] = this.requests;
    if (!first) {
      const what = describeMatch(this.match, DEFAULT_RULES);
      throw new Error(`the request has not come yet: await \`received\`, or \`waitFor\` it: ${what}`);
    }
    return first;
  }

  get received(): Promise<ReceivedRequest<any>> {
    if (this.arrivals.length > 0) return Promise.resolve(this.request);
    if (this.#givenUp) return Promise.reject(this.#givenUp);
    return (this.#received ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    }));
  }

  take(arrival: Arrival): void {
    this.arrivals.push(arrival);
    this.#resolve?.(this.request);
    this.#answerSoon();
  }

  /** As if none had come: for the next test. */
  beginAnew(): void {
    if (this.arrivals.length > 0) this.#received = undefined;
    this.arrivals.length = 0;
    this.#givenUp = undefined;
  }

  /** It is not to be waited for any longer. */
  giveUp(error: Error): void {
    this.#givenUp = error;
    this.#reject?.(error);
    this.#received = undefined;
  }

  reply(status: number, body?: unknown, headers?: ReplyHeaders): this {
    const reply = { status, body, ...(headers && { headers }) };
    checkReply(reply);
    return this.#add((target) => sendReply(target, reply));
  }

  replyWith(answer: (request: ReceivedRequest<any>) => Reply | Promise<Reply>): this {
    return this.#add(async (target, request) => {
      const reply = await answer(request);
      checkReply(reply);
      sendReply(target, reply);
    });
  }

  stream(chunks: StreamChunks | (() => StreamChunks), options: StreamOptions = {}): this {
    const { status = 200 } = options;
    checkReply({ ...options, status });
    const chunksOf = typeof chunks === 'function' ? chunks : perRequest(chunks);
    return this.#add((target) => sendStream(target, chunksOf(), options));
  }

  error(code: ErrorCode | Error): this {
    checkFailure(code);
    return this.#add((target) => fail(target, code));
  }

  hang(): this {
    return this.#add(() => {});
  }

  delay(ms: number): this {
    if (!isTime(ms)) throw new RangeError(`delay: expected milliseconds from 0, got ${inspect(ms)}`);
    this.#delayMs = ms;
    return this;
  }

  #add(send: Answer['send']): this {
    if (this.#answers.length >= this.count.max) {
      const all = this.count.max === 1 ? 'the one request' : `each of ${this.count.max} requests`;
      throw new Error(`there is an answer for ${all} already; for more requests use \`match\``);
    }
    this.#answers.push({ send, delayMs: this.#delayMs });
    this.#delayMs = 0;
    this.#answerSoon();
    return this;
  }

  /** Not at once: in a chain, more answers follow. */
  #answerSoon(): void {
    soon(() => {
      if (this.#answers.length === 0) return;
      for (const [index, arrival] of this.arrivals.entries()) {
        if (arrival.isUnanswered) arrival.answer(this.#answers[Math.min(index, this.#answers.length - 1)]!);
      }
    });
  }
}

/** A generator is used up by one request: the next would get an empty body. */
function perRequest(chunks: StreamChunks): () => StreamChunks {
  checkChunks(chunks);
  let uses = 0;
  return () => {
    if (uses++ > 0 && 'next' in chunks) {
      throw new Error(
        'stream: its chunks went to an earlier request; for more than one, pass a function that makes them',
      );
    }
    return chunks;
  };
}
