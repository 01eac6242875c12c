import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { Cancellation } from '../../base/cancellation.js';
import { rounded, type Timings } from '../../base/timings.js';
import type { Call, Handler } from '../../call/call.js';
import type { Settled } from '../../call/outcome.js';
import { resourceOf } from '../../call/writes.js';

/**
 * A response as if it were to this config's own request: axios and its callers change what they get. Shared are only the request and
 * what cannot change.
 * @param laterMs how much later its call was made
 */
function ownResponse(response: AxiosResponse, config: InternalAxiosRequestConfig, laterMs: number): AxiosResponse {
  const { data, timings } = response;
  return {
    ...response,
    config,
    headers: ownHeaders(response.headers),
    data: Buffer.isBuffer(data) ? Buffer.from(data) : data,
    ...(timings && { timings: ownTimings(timings, laterMs) }),
  };
}

/**
 * An error as if it were of this config's own request, with the class, the fields and the stack that it has; its response is copied,
 * too. Errors that are not axios's or ours say nothing of a request, and stay as they are.
 * @param laterMs how much later its call was made
 */
export function ownError(error: unknown, config: InternalAxiosRequestConfig, laterMs: number): unknown {
  if (!(error instanceof Error) || !('isAxiosError' in error)) return error;
  const copy: Error & { config?: unknown; response?: AxiosResponse; timings?: Timings } = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
  copy.stack = error.stack!;
  if (copy.config) copy.config = config;
  if (copy.response) copy.response = ownResponse(copy.response, config, laterMs);
  if (copy.cause) copy.cause = ownError(copy.cause, config, laterMs);
  if (copy.timings) copy.timings = ownTimings(copy.timings, laterMs);
  return copy;
}

function ownTimings(timings: Timings, laterMs: number): Timings {
  const { totalMs } = timings;
  return { ...timings, totalMs: totalMs === undefined ? undefined : rounded(Math.max(0, totalMs - laterMs)) };
}

/** Name by name: AxiosHeaders would compare each name with all before it. */
function ownHeaders(headers: Readonly<Record<string, unknown>>): AxiosHeaders {
  const copy = new AxiosHeaders();
  for (const name of Object.keys(headers)) {
    const value = headers[name] as string | string[];
    copy[name] = Array.isArray(value) ? [...value] : value;
  }
  return copy;
}

interface Waiting {
  readonly call: Call;
  readonly resolve: (response: AxiosResponse) => void;
  readonly reject: (error: unknown) => void;
  readonly giveUp: (reason: unknown) => void;
}

/**
 * What the layers within see of calls that share an exchange: the call that came first, but with a cancellation of its own, for as long
 * as anybody waits.
 */
export class SharedCall implements Call {
  /** Which calls may join; unknown until somebody asks. */
  key: string | undefined;
  readonly cancellation = new Cancellation();
  /** As written. */
  readonly url: string | undefined;
  readonly #first: Call;
  readonly #onOver: (shared: SharedCall) => void;
  readonly #waiting = new Set<Waiting>();
  /** Found out when it is asked for. */
  #resource: { readonly is: string | undefined } | undefined;

  /**
   * @param asked what it asks for
   * @param onOver called when there is nothing to join any more: it is answered, or nobody waits. Maybe more than once.
   */
  constructor(
    first: Call,
    readonly asked: string,
    onOver: (shared: SharedCall) => void,
  ) {
    this.url = first.config.url;
    this.#first = first;
    this.#onOver = onOver;
  }

  /** The URL that it asks for, without its query; undefined: none that can be parsed. */
  get resource(): string | undefined {
    return (this.#resource ??= { is: resourceOf(this.#first) }).is;
  }

  get config() {
    return this.#first.config;
  }

  get clientName() {
    return this.#first.clientName;
  }

  get origin() {
    return this.#first.origin;
  }

  get method() {
    return this.#first.method;
  }

  get journal() {
    return this.#first.journal;
  }

  get attempt() {
    return this.#first.attempt;
  }

  get mayRepeat() {
    return this.#first.mayRepeat;
  }

  /** The latest of those who wait: it moves as they come and go. */
  get deadline(): number {
    let latest = -Infinity;
    for (const { call } of this.#waiting) latest = Math.max(latest, call.deadline);
    return latest;
  }

  /** Carries it out, once, for the first call. */
  start(next: Handler): Promise<AxiosResponse> {
    const answer = this.join(this.#first);
    next(this).then(
      (response) => this.#settle({ response }),
      (error: unknown) => this.#settle({ error }),
    );
    return answer;
  }

  /**
   * Waits for the answer, until the call itself is cancelled.
   * @returns a response of the call's own
   * @throws an error of the call's own, or what it is cancelled with
   */
  join(call: Call): Promise<AxiosResponse> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        call,
        resolve,
        reject,
        giveUp: (reason) => {
          reject(reason);
          this.#leave(waiting, reason as Error);
        },
      };
      this.#waiting.add(waiting);
      call.cancellation.subscribe(waiting.giveUp);
    });
  }

  #leave(waiting: Waiting, reason: Error): void {
    waiting.call.cancellation.unsubscribe(waiting.giveUp);
    if (!this.#waiting.delete(waiting) || this.#waiting.size > 0) return;
    this.#onOver(this);
    this.cancellation.cancel(reason);
  }

  #settle(outcome: Settled): void {
    this.#onOver(this);
    const isShared = this.#waiting.size > 1;
    for (const { call, resolve, reject, giveUp } of this.#waiting) {
      call.cancellation.unsubscribe(giveUp);
      try {
        resolve(this.outcomeFor(call, outcome, isShared));
      } catch (failure) {
        reject(failure);
      }
    }
    this.#waiting.clear();
  }

  /**
   * What a call gets that has waited.
   * @throws what it fails with
   */
  protected outcomeFor(call: Call, { response, error }: Settled, isShared: boolean): AxiosResponse {
    const isOwn = call === this.#first && !isShared;
    const laterMs = call.journal.startedAt - this.journal.startedAt;
    if (response) return isOwn ? response : ownResponse(response, call.config, laterMs);
    throw isOwn ? error : ownError(error, call.config, laterMs);
  }
}
