import { type AxiosResponse, isCancel } from 'axios';
import { type Call, deriveCall, type Handler } from '../../call/call.js';
import { withReplacedHeaders } from '../../call/headers.js';
import { discard, responseIn, type Settled, settledOf } from '../../call/outcome.js';
import { ageMs, type ExchangeTimes, mayServeOnError } from './freshness.js';
import type { CacheRequest } from './request.js';
import type { Fill } from './state.js';
import type { StoredResponse } from './stored.js';
import { confirms, describes, validators } from './validation.js';
import { CacheWriter, type Kept, type WriterContext } from './writer.js';

/**
 * What a request to the upstream came to:
 * - `passed`: a response of the upstream's, for this call
 * - `revalidated`: the stored response, which it has confirmed
 * - `failed`: the stored response, as the upstream has failed
 */
export type Filled =
  | ({ readonly kind: 'passed'; readonly response: AxiosResponse } & Kept)
  | { readonly kind: 'revalidated'; readonly stored: StoredResponse; readonly isStored: boolean }
  | { readonly kind: 'failed'; readonly stored: StoredResponse };

/** What a request failed with, and what was stored of it all the same: a status that the call refuses. */
export class FailedFill {
  constructor(
    readonly error: unknown,
    readonly kept: Kept,
  ) {}
}

const NOT_MODIFIED = 304;
/** RFC 5861 §4. */
const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Asks the upstream, and has its answer stored. Does not know who waits for that. */
export class Filler {
  readonly #context: WriterContext;
  readonly #next: Handler;
  readonly #writer: CacheWriter;

  constructor(next: Handler, context: WriterContext) {
    this.#next = next;
    this.#context = context;
    this.#writer = new CacheWriter(context);
  }

  /**
   * @param known what is stored and matches; it is validated where it has a validator
   * @throws FailedFill
   */
  async fill(call: Call, request: CacheRequest, known: StoredResponse | undefined): Promise<Filled> {
    const { state, now } = this.#context;
    const fill = state.begin(request.url);
    call.journal.keepsBody = true;
    try {
      const validating = known && !request.isHead ? validated(call, known) : undefined;
      let requestedAt = now();
      let outcome = await settledOf(this.#next(validating ?? call));
      const update = validating && responseIn(outcome);
      if (update?.status === NOT_MODIFIED) {
        discard(update);
        const times = { requestedAt, respondedAt: now() };
        if (confirms(update.headers, known!)) {
          const refreshed = await this.#writer.refresh(call, request, known!, update.headers, times, fill);
          return { kind: 'revalidated', stored: refreshed.response, isStored: refreshed.isStored };
        }
        requestedAt = now();
        outcome = await settledOf(this.#next(withoutConditions(call)));
      }
      if (known && this.#mayStandIn(call, request, known, outcome)) {
        discard(responseIn(outcome));
        return { kind: 'failed', stored: known };
      }
      return await this.#passed(call, request, known, outcome, { requestedAt, respondedAt: now() }, fill);
    } finally {
      state.end(fill);
    }
  }

  #mayStandIn(call: Call, request: CacheRequest, known: StoredResponse, outcome: Settled): boolean {
    if (!isFailure(outcome, call)) return false;
    const { settings, now } = this.#context;
    const age = ageMs(known.lifetime, known.respondedAt, now());
    return mayServeOnError(known.lifetime, age, settings.heuristic, request.directives);
  }

  async #passed(
    call: Call,
    request: CacheRequest,
    known: StoredResponse | undefined,
    outcome: Settled,
    times: ExchangeTimes,
    fill: Fill,
  ): Promise<Filled> {
    const response = responseIn(outcome);
    let kept: Kept = {};
    if (response && request.isHead) await this.#updatedByHead(call, request, known, response, times, fill);
    else if (response) kept = await this.#writer.write(call, request, response, times, fill);
    if (outcome.response) return { kind: 'passed', response: outcome.response, ...kept };
    throw new FailedFill(outcome.error, kept);
  }

  /** RFC 9111 §4.3.5. */
  async #updatedByHead(
    call: Call,
    request: CacheRequest,
    known: StoredResponse | undefined,
    { status, headers }: AxiosResponse,
    times: ExchangeTimes,
    fill: Fill,
  ): Promise<void> {
    if (!known || status !== 200 || known.status !== 200) return;
    if (describes(headers, known)) await this.#writer.refresh(call, request, known, headers, times, fill);
    else await this.#context.state.forget(request.url, 'invalidated');
  }
}

/** The same call, that asks whether a stored response is still right (RFC 9111 §4.3.1); undefined: that has no validator. */
function validated(call: Call, known: StoredResponse): Call | undefined {
  const own = validators(known);
  if (!own) return undefined;
  const headers = { 'if-none-match': undefined, 'if-modified-since': undefined, ...own };
  const config = withReplacedHeaders(call.config, headers, true);
  const { validateStatus } = config;
  if (validateStatus) config.validateStatus = (status) => status === NOT_MODIFIED || validateStatus(status);
  return deriveCall(call, { config });
}

function withoutConditions(call: Call): Call {
  const headers = { 'if-none-match': undefined, 'if-modified-since': undefined };
  return deriveCall(call, { config: withReplacedHeaders(call.config, headers, false) });
}

/** The application's doing, not the upstream's. */
const NOT_OF_UPSTREAM: ReadonlySet<unknown> = new Set([
  'ERR_ADDRESS_BLOCKED',
  'ERR_CLIENT_CLOSED',
  'ERR_BAD_OPTION',
  'ERR_BAD_OPTION_VALUE',
  'ERR_INVALID_URL',
  'ERR_CANCELED',
]);

/** Whether the upstream has failed, or could not be asked: RFC 5861 §4. */
function isFailure(outcome: Settled, call: Call): boolean {
  const response = responseIn(outcome);
  if (response) return FAILURES.has(response.status);
  const { error } = outcome;
  if (isCancel(error) || (call.cancellation.reason && error === call.cancellation.reason)) return false;
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && !NOT_OF_UPSTREAM.has(code);
}
