import type { Clock } from '../../base/clock.js';
import { OriginMap } from '../../base/origin-map.js';
import { Slots } from '../../base/slots.js';
import type { EventSink } from '../../call/event-sink.js';
import type { LimitScope } from '../../options/resilience-options.js';
import { AimdLimit } from './aimd.js';
import { GradientLimit } from './gradient.js';
import type { AdaptiveLimit, LimitBounds, LoadSample } from './limit.js';

/** How an adaptive limit learns. */
export type LimitAlgorithm = 'aimd' | 'gradient';

export interface AdaptiveSettings extends LimitBounds {
  readonly adaptive: LimitAlgorithm;
  /** Calls of an origin that may wait. */
  readonly maxQueued: number;
  /** 'client': `max` bounds the calls of all origins together. Each origin has a limit of its own either way. */
  readonly per: LimitScope;
}

interface LimitContext {
  readonly clock: Clock;
  /** The client's. */
  readonly name: string;
  readonly events: EventSink;
}

/** The adaptive concurrency limit of one origin at one moment. */
export interface ConcurrencySnapshot {
  /** Calls that may be under way, as far as is known. While `isProbing`, half of it applies. */
  readonly limit: number;
  /** Whether the limit is halved for a moment, to measure the response time without a queue. */
  readonly isProbing: boolean;
  /** Calls under way. */
  readonly inFlight: number;
  /** Calls that wait. */
  readonly queued: number;
  /** Average response time of the last requests, in milliseconds; undefined before the first. */
  readonly responseMs: number | undefined;
  /** Response time without a queue, in milliseconds; undefined for `'aimd'`, and until it is known. */
  readonly baselineMs: number | undefined;
  /** Requests so far that showed an overload: timeouts, failed connections, 429, 503, 504. */
  readonly drops: number;
}

/** The adaptive concurrency limits of a client, one for each origin. */
export interface ConcurrencyLimits {
  /** By origin. Only the 1,000 origins called last are known. */
  snapshot(): Record<string, ConcurrencySnapshot>;
}

/** A change of the limit by this share is told. A cut and what grows again after it are none. */
const TOLD_SHARE = 0.2;
/** Requests that the average of response times reaches back to. */
const AVERAGED_REQUESTS = 20;

/** The limit of one origin. */
export class OriginLimit {
  readonly algorithm: AdaptiveLimit;
  /** What was told last. */
  told: number;
  responseMs: number | undefined;
  drops = 0;

  constructor(
    readonly origin: string,
    { adaptive, ...bounds }: AdaptiveSettings,
  ) {
    this.algorithm = adaptive === 'aimd' ? new AimdLimit(bounds) : new GradientLimit(bounds);
    this.told = this.algorithm.found;
  }

  record(sample: LoadSample): void {
    this.algorithm.record(sample);
    if (sample.isDrop) {
      this.drops++;
      return;
    }
    const known = this.responseMs ?? sample.responseMs;
    this.responseMs = known + ((sample.responseMs - known) * 2) / (AVERAGED_REQUESTS + 1);
  }
}

/** A limit for each of the origins called last, and the places under them. One that is forgotten begins anew. */
export class OriginLimits implements ConcurrencyLimits {
  readonly slots: Slots;
  readonly #context: LimitContext;
  readonly #limits: OriginMap<OriginLimit>;

  constructor(settings: AdaptiveSettings, context: LimitContext) {
    const { max, maxQueued, per } = settings;
    this.#context = context;
    this.#limits = new OriginMap((origin) => new OriginLimit(origin, settings));
    this.slots = new Slots({
      maxPerKey: (origin) => this.of(origin).algorithm.limit,
      maxTotal: per === 'client' ? max : Infinity,
      maxQueued,
    });
  }

  of(origin: string): OriginLimit {
    return this.#limits.get(origin);
  }

  /** Learns from a request, and lets those in who wait, where the limit has grown. */
  record(limit: OriginLimit, sample: LoadSample): void {
    const { algorithm, origin } = limit;
    const before = algorithm.limit;
    limit.record(sample);
    if (algorithm.limit > before) this.slots.admit(origin);
    const { told } = limit;
    if (Math.abs(algorithm.found - told) >= Math.max(1, told * TOLD_SHARE)) this.#tell(limit, told);
  }

  /**
   * When a call that comes now would get a place, in milliseconds: by Little's law, those who wait divided by how many of them get a place per
   * time. 0 before a response has come.
   */
  waitMs(origin: string): number {
    const { algorithm, responseMs = 0 } = this.of(origin);
    return ((this.slots.queued(origin) + 1) * responseMs) / algorithm.limit;
  }

  snapshot(): Record<string, ConcurrencySnapshot> {
    return Object.fromEntries(
      Array.from(this.#limits.entries(), ([origin, { algorithm, responseMs, drops }]) => {
        const { found: limit, baselineMs } = algorithm;
        const isProbing = algorithm.limit < limit;
        const inFlight = this.slots.taken(origin);
        return [
          origin,
          { limit, isProbing, inFlight, queued: this.slots.queued(origin), responseMs, baselineMs, drops },
        ];
      }),
    );
  }

  #tell(limit: OriginLimit, from: number): void {
    const { name, events } = this.#context;
    const to = limit.algorithm.found;
    limit.told = to;
    if (events.wants('concurrency:limit')) {
      events.publish('concurrency:limit', { client: name, origin: limit.origin, from, to });
    }
  }
}

/** The limits of a client, and of those of its origins that have others, as one. */
export class ScopedLimits implements ConcurrencyLimits {
  readonly #scopes: readonly (ConcurrencyLimits | undefined)[];

  constructor(scopes: readonly (ConcurrencyLimits | undefined)[]) {
    this.#scopes = scopes;
  }

  snapshot(): Record<string, ConcurrencySnapshot> {
    return Object.assign({}, ...this.#scopes.map((limits) => limits?.snapshot()));
  }
}
