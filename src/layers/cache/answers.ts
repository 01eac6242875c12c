import { AxiosHeaders, type AxiosResponse } from 'axios';
import type { Clock } from '../../base/clock.js';
import type { Call } from '../../call/call.js';
import { type EventSink, eventOf } from '../../call/event-sink.js';
import type { CacheStaleEvent } from '../../call/events.js';
import { settled } from '../../call/response-data.js';
import { ageMs, freshMs } from './freshness.js';
import type { CacheRequest } from './request.js';
import type { CacheSettings } from './settings.js';
import type { CacheState } from './state.js';
import { type CacheStatus, emptyData, responseOf, type StoredResponse } from './stored.js';

export interface AnswerContext {
  readonly settings: CacheSettings;
  readonly state: CacheState;
  readonly events: EventSink;
  readonly clock: Clock;
  /** The wall clock. */
  readonly now: () => number;
  /** Of bodies, where a call has no `maxContentLength`; false: no limit. */
  readonly maxResponseBytes: number | false;
}

const NOT_STORED: CacheStatus = Object.freeze({ status: 'miss', ageMs: 0, ttlMs: undefined });

/** Gives calls their responses, says in them where they come from, counts and reports it. */
export class Answers {
  readonly #context: AnswerContext;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  /**
   * A stored response, for a call.
   * @param reason of a stale one
   * @throws AxiosError, where the call does not accept the status
   */
  async given(
    stored: StoredResponse,
    call: Call,
    request: CacheRequest,
    as: 'hit' | 'stale' | 'revalidated',
    reason: CacheStaleEvent['reason'] = 'max-stale',
  ): Promise<AxiosResponse> {
    const { settings, events, clock, state, maxResponseBytes } = this.#context;
    const status = this.#statusOf(stored, as);
    const about = { ageMs: status.ageMs, ttlMs: status.ttlMs! };
    if (as === 'hit') state.counts.hits++;
    else state.counts[as]++;
    if (as === 'stale') {
      if (events.wants('cache:stale')) events.publish('cache:stale', eventOf(call, { ...about, reason }));
    } else if (events.wants(`cache:${as}`)) events.publish(`cache:${as}`, eventOf(call, about));
    return responseOf(stored, call, request, {
      status,
      frozen: settings.frozen,
      parsed: state.parsed,
      nowMs: clock.now(),
      maxResponseBytes,
    });
  }

  /** A failure of the upstream that was not stored, for a call that has waited for it. */
  shared(failure: StoredResponse, call: Call, request: CacheRequest): AxiosResponse {
    const { clock, maxResponseBytes } = this.#context;
    const giving = { status: NOT_STORED, frozen: false, parsed: undefined, nowMs: clock.now(), maxResponseBytes };
    return responseOf(failure, call, request, giving);
  }

  /** A response of the upstream's, which says that it is one. */
  noted(response: AxiosResponse, stored: StoredResponse | undefined): AxiosResponse {
    Reflect.set(response, 'cache', stored ? this.#statusOf(stored, 'miss') : NOT_STORED);
    return response;
  }

  missed(call: Call): void {
    const { events, state } = this.#context;
    state.counts.misses++;
    if (events.wants('cache:miss')) events.publish('cache:miss', eventOf(call, {}));
  }

  #statusOf({ lifetime, respondedAt }: StoredResponse, status: CacheStatus['status']): CacheStatus {
    const { settings, now } = this.#context;
    const age = ageMs(lifetime, respondedAt, now());
    return { status, ageMs: age, ttlMs: freshMs(lifetime, settings.heuristic) - age };
  }
}

/** RFC 9111 §5.2.1.7. */
export async function onlyIfCached({ config }: Call): Promise<AxiosResponse> {
  return settled({
    status: 504,
    statusText: 'Gateway Timeout',
    headers: new AxiosHeaders(),
    config,
    data: emptyData(config),
    attempts: [],
  });
}
