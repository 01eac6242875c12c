import type { AxiosResponse } from 'axios';
import { isDeepStrictEqual } from 'node:util';
import { withoutPrototype } from '../../base/prototype-pollution.js';
import { type Call, createCall, type Handler, type Layer } from '../../call/call.js';
import { responseIn } from '../../call/outcome.js';
import { ClientClosedError } from '../../errors/refusal.errors.js';
import type { Admission } from '../../pool/in-flight.js';
import { type ExchangeKeys, exchangeKeys } from '../coalesce/keys.js';
import { ownError } from '../coalesce/shared-call.js';
import { type AnswerContext, Answers, onlyIfCached } from './answers.js';
import { FailedFill, type Filled, Filler } from './fill.js';
import { Flight } from './flight.js';
import { ageMs, verdictOn } from './freshness.js';
import { type CacheRequest, RequestReader } from './request.js';
import { flightKey } from './state.js';
import { selected, type StoredResponse } from './stored.js';
import type { Kept, WriterContext } from './writer.js';

export interface CacheContext extends WriterContext, AnswerContext {
  /** Whether a layer within adds credentials for the caller at hand. */
  readonly hasUnknownCredentials: boolean;
  /** Where validation in the background is admitted. */
  readonly gate: Admission;
  /** Runs work outside of any inbound request. */
  readonly detached: <T>(work: () => T) => T;
  /** Whether calls that are the same share a response that is not stored: whether `coalesce` is within. */
  readonly coalesces: boolean;
  /** What `maxRedirects` is for a call that has none of its own. */
  readonly maxRedirects: number;
}

/**
 * An HTTP cache (RFC 9111): answers GET and HEAD from responses that it has stored, as far as their headers and those of the request allow. A call
 * asks the upstream at most once, and calls for the same wait for one request. Store and keys hold what is sent, so headers that a layer adds for
 * the caller at hand must be added outside of this one. What calls change is told to the state by `changes`.
 */
export function cache(context: CacheContext): Layer {
  return (next) => {
    const use = new CacheUser(next, context);
    return (call) => use.handle(call);
  };
}

class CacheUser {
  readonly #context: CacheContext;
  readonly #next: Handler;
  readonly #filler: Filler;
  readonly #answers: Answers;
  readonly #requests: RequestReader;
  readonly #exchanges: ExchangeKeys | undefined;

  constructor(next: Handler, context: CacheContext) {
    const { settings, hasUnknownCredentials, isSecretHeader, coalesces, maxRedirects } = context;
    this.#exchanges = coalesces ? exchangeKeys() : undefined;
    this.#context = context;
    this.#next = next;
    this.#filler = new Filler(next, context);
    this.#answers = new Answers(context);
    const selector = `${settings.private ? 'private' : ''} ${settings.targetedHeaders.join()} `;
    this.#requests = new RequestReader({ hasUnknownCredentials, isSecretHeader, selector, maxRedirects });
  }

  handle(call: Call): Promise<AxiosResponse> {
    let request: CacheRequest | undefined;
    try {
      request = this.#requests.read(call);
    } catch {
      // An address that is none: the transport says so.
    }
    return !request || request.directives.noStore ? this.#next(call) : this.#look(call, request);
  }

  #look(call: Call, request: CacheRequest): Promise<AxiosResponse> {
    const found = this.#context.state.store.get(request.url);
    return found instanceof Promise
      ? whileUnderWay(found, call).then((stored) => this.#decide(call, request, stored))
      : this.#decide(call, request, found);
  }

  #decide(call: Call, request: CacheRequest, found: readonly StoredResponse[] | undefined): Promise<AxiosResponse> {
    const { settings, now, isSecretHeader } = this.#context;
    const { reason } = call.cancellation;
    if (reason) return Promise.reject(reason); // oxlint-disable-line prefer-promise-reject-errors -- as it was cancelled
    const stored = selected(found, request, call.config, isSecretHeader);
    if (stored) {
      const { lifetime, respondedAt } = stored;
      const verdict = verdictOn(lifetime, ageMs(lifetime, respondedAt, now()), settings.heuristic, request.directives);
      if (verdict === 'fresh') return this.#answers.given(stored, call, request, 'hit');
      if (verdict === 'stale') return this.#answers.given(stored, call, request, 'stale', 'max-stale');
      if (verdict === 'revalidate') {
        this.#validateInBackground(call, request, stored, found);
        return this.#answers.given(stored, call, request, 'stale', 'while-revalidate');
      }
    }
    if (request.directives.onlyIfCached) return onlyIfCached(call);
    return this.#ask(call, request, stored, found);
  }

  /** Asks the upstream, or waits for who does. */
  #ask(
    call: Call,
    request: CacheRequest,
    stored: StoredResponse | undefined,
    found: readonly StoredResponse[] | undefined,
  ): Promise<AxiosResponse> {
    const { state, clock } = this.#context;
    const key = flightKey(request, found, request.valueOf);
    // What a call asks under its own conditions is for nobody else, and a stream has one reader.
    const isAlone = (request.conditions && !stored) || request.isHead || call.config.responseType === 'stream';
    if (isAlone || state.passes(key, clock.now())) return this.#fill(call, request, stored, key);
    const underWay = state.flights.get(key);
    if (underWay && !underWay.cancellation.reason) return this.#follow(underWay, call, request);
    return this.#lead(call, key, (shared) => this.#fillOnce(shared, request, stored, key));
  }

  #lead(call: Call, key: string, fill: Handler): Promise<AxiosResponse> {
    const { flights } = this.#context.state;
    const flight: Flight = new Flight(call, this.#exchanges?.whole(call.config), () => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight.start(fill);
  }

  async #follow(flight: Flight, call: Call, request: CacheRequest): Promise<AxiosResponse> {
    const exchange = this.#exchanges?.whole(call.config);
    const { outcome, own } = await flight.follow(call, exchange);
    const { stored, failure, isStale } = flight.leftover;
    const [shared] = [stored ?? failure].flatMap(
      (one) => selected(one && [one], request, call.config, this.#context.isSecretHeader) ?? [],
    );
    if (shared && shared === stored)
      return this.#answers.given(shared, call, request, isStale ? 'stale' : 'hit', 'if-error');
    const isOfFirst = responseIn(outcome) ? !flight.isSameAs(exchange) : !hasSameLimits(call, flight);
    if (isOfFirst && !shared) return this.#look(call, request);
    this.#answers.missed(call);
    if (shared) return this.#answers.shared(shared, call, request);
    if (own) return own;
    const { journal } = flight;
    throw ownError(outcome.error, call.config, call.journal.startedAt - journal.startedAt);
  }

  /** Of all replicas, where they share the store. */
  async #fillOnce(
    call: Call,
    request: CacheRequest,
    known: StoredResponse | undefined,
    key: string,
  ): Promise<AxiosResponse> {
    const { isSecretHeader, state, now, settings } = this.#context;
    const { store } = state;
    if (!store.awaitOther) return this.#fill(call, request, known, key);
    const find = (found: readonly StoredResponse[] | undefined) => {
      const one = selected(found, request, call.config, isSecretHeader);
      if (!one) return undefined;
      const age = ageMs(one.lifetime, one.respondedAt, now());
      return verdictOn(one.lifetime, age, settings.heuristic, request.directives) === 'fresh' ? one : undefined;
    };
    const other = await store.awaitOther(key, request.url, call, find);
    if (other) {
      if (call instanceof Flight) call.leftover = { stored: other };
      return this.#answers.given(other, call, request, 'hit');
    }
    try {
      return await this.#fill(call, request, known, key);
    } finally {
      void store.release!(key);
    }
  }

  async #fill(
    call: Call,
    request: CacheRequest,
    known: StoredResponse | undefined,
    key: string,
  ): Promise<AxiosResponse> {
    let filled: Filled;
    try {
      filled = await this.#filled(call, request, known, key);
    } catch (error) {
      this.#answers.missed(call);
      throw error;
    }
    if (filled.kind === 'revalidated') return this.#answers.given(filled.stored, call, request, 'revalidated');
    if (filled.kind === 'failed') return this.#answers.given(filled.stored, call, request, 'stale', 'if-error');
    const { response, stored } = filled;
    this.#answers.missed(call);
    return this.#answers.noted(response, stored);
  }

  /** Tells those who wait what they may have, and later ones whether waiting is of use. */
  async #filled(call: Call, request: CacheRequest, known: StoredResponse | undefined, key: string): Promise<Filled> {
    const { state, clock } = this.#context;
    try {
      const filled = await this.#filler.fill(call, request, known);
      const isUnkept = filled.kind === 'revalidated' && !filled.isStored;
      const stored = isUnkept ? undefined : filled.stored;
      const { failure, isOutdated = false } = filled.kind === 'passed' ? filled : ({} as Kept);
      const isOfOneCall = isUnkept || isOutdated;
      if (call instanceof Flight) {
        call.leftover = { stored, failure, isStale: filled.kind === 'failed', isOfOneCall };
        if (!stored && !failure && !isOutdated) state.pass(key, clock.now());
      }
      if (stored) state.stopPassing(key);
      return filled;
    } catch (thrown) {
      if (!(thrown instanceof FailedFill)) throw thrown;
      const { stored, failure, isOutdated: isOfOneCall = false } = thrown.kept;
      if (call instanceof Flight) {
        call.leftover = { stored, failure, isOfOneCall };
        if (!stored && !failure && !isOfOneCall && responseIn(thrown)) state.pass(key, clock.now());
      }
      throw thrown.error;
    }
  }

  /** Once for all who find it stale: the others are given it meanwhile, and need not ask. */
  #validateInBackground(
    call: Call,
    request: CacheRequest,
    stored: StoredResponse,
    found: readonly StoredResponse[] | undefined,
  ): void {
    const { state, gate, detached, clock } = this.#context;
    const key = flightKey(request, found, request.valueOf);
    if (state.flights.has(key)) return;
    detached(() => {
      const background = backgroundCall(call, clock);
      const { cancellation } = background;
      const lease = gate.admit(() => cancellation.cancel(ClientClosedError.aborted(background, gate.closedBy)));
      if (!lease) return;
      const unconditional = { ...request, conditions: undefined };
      const over = () => lease.release();
      this.#lead(background, key, async (shared) => {
        await this.#filled(shared, unconditional, stored, key);
        return { data: undefined } as AxiosResponse; // nobody's
      }).then(over, over); // what goes wrong is told of by the events of its attempts
    });
  }
}

/** What a call may fail for while another would not. Objects are each call's own. */
const LIMITS = ['timeout', 'maxContentLength', 'maxRedirects', 'responseType', 'decompress'] as const;

/** Whether what one call fails with the other would have failed with, too. */
function hasSameLimits({ config: one }: Call, { config: other }: Call): boolean {
  return (
    LIMITS.every((name) => one[name] === other[name]) &&
    isDeepStrictEqual([one.timeouts, one.resilience], [other.timeouts, other.resilience])
  );
}

/** An answer, unless the call ends first. */
function whileUnderWay<Answer>(answer: Promise<Answer>, { cancellation }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    cancellation.subscribe(reject);
    const over = () => cancellation.unsubscribe(reject);
    answer.then(resolve, reject).finally(over);
  });
}

/** A call of nobody's, for the same: nothing of its caller's ends it. */
function backgroundCall({ config, clientName }: Call, clock: CacheContext['clock']): Call {
  const own = withoutPrototype(config);
  delete own.signal;
  delete own.cancelToken;
  if (own.responseType === 'stream') own.responseType = 'arraybuffer';
  return createCall(own, clientName, clock);
}
