import type { Clock } from '../../base/clock.js';
import { OriginMap } from '../../base/origin-map.js';
import { type EventSink, tolerantListener } from '../../call/event-sink.js';
import { Breaker, type BreakerRules, type BreakerState } from './state.js';

/** A circuit breaker has changed its state. */
export interface BreakerChange {
  /** The origin that it protects. */
  readonly origin: string;
  /** State before. */
  readonly from: BreakerState;
  /** State from now on. */
  readonly to: BreakerState;
}

interface BreakerSettings extends BreakerRules {
  /** Told of each change. What it throws is ignored. */
  readonly onStateChange: ((change: BreakerChange) => void) | undefined;
}

interface BreakerContext {
  readonly clock: Clock;
  /** The client's. */
  readonly name: string;
  readonly events: EventSink;
}

/** The circuit breaker of one origin at one moment. */
export interface BreakerSnapshot {
  /** `closed`: calls pass. `open`: calls are refused. `half-open`: one call tries. */
  readonly state: BreakerState;
  /** Opened by hand. */
  readonly isolated: boolean;
  /** Calls that ended in the window, without those that say nothing about the origin. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** When it opened, in milliseconds on the client's clock, where it is not closed. */
  readonly openedAt: number | undefined;
}

/** The circuit breakers of a client, one for each origin, to look at and to operate by hand. */
export interface CircuitBreakers {
  /** Closed for an origin that was never called. */
  state(origin: string): BreakerState;
  /** Opens it until `close`, whatever the origin does: calls get a CircuitOpenError whose `retryAfterMs` is Infinity. */
  isolate(origin: string): void;
  /** Closes it, and forgets what failed. */
  close(origin: string): void;
  /** By origin. Only the 1,000 origins called last are known, besides those that are isolated. */
  snapshot(): Record<string, BreakerSnapshot>;
}

/** A breaker for each of the origins called last; one that is forgotten is closed, unless it is isolated. */
export class OriginBreakers implements CircuitBreakers {
  readonly #context: BreakerContext;
  readonly #onStateChange: BreakerSettings['onStateChange'];
  readonly #breakers: OriginMap<Breaker>;
  /** Origin → since when. Not in the breakers, which may be forgotten. */
  readonly #isolated = new Map<string, number>();

  constructor(settings: BreakerSettings, context: BreakerContext) {
    this.#context = context;
    this.#onStateChange =
      settings.onStateChange && tolerantListener('resilience.breaker.onStateChange', settings.onStateChange);
    this.#breakers = new OriginMap((origin) => new Breaker(settings, (from, to) => this.#tell({ origin, from, to })));
  }

  of(origin: string): Breaker {
    return this.#breakers.get(origin);
  }

  isIsolated(origin: string): boolean {
    return this.#isolated.size > 0 && this.#isolated.has(origin);
  }

  state(origin: string): BreakerState {
    if (this.isIsolated(origin)) return 'open';
    return this.#breakers.peek(origin)?.state(this.#context.clock.now()) ?? 'closed';
  }

  isolate(origin: string): void {
    if (this.isIsolated(origin)) return;
    this.#breakers.peek(origin)?.close();
    this.#isolated.set(origin, this.#context.clock.now());
    this.#tell({ origin, from: 'closed', to: 'open' });
  }

  close(origin: string): void {
    if (this.#isolated.delete(origin)) this.#tell({ origin, from: 'open', to: 'closed' });
    else this.#breakers.peek(origin)?.close();
  }

  snapshot(): Record<string, BreakerSnapshot> {
    const now = this.#context.clock.now();
    const snapshots = new Map<string, BreakerSnapshot>();
    for (const [origin, breaker] of this.#breakers.entries()) {
      const { openedAt } = breaker;
      snapshots.set(origin, { state: breaker.state(now), isolated: false, ...breaker.counts(now), openedAt });
    }
    for (const [origin, openedAt] of this.#isolated) {
      snapshots.set(origin, { state: 'open', isolated: true, calls: 0, failures: 0, openedAt });
    }
    return Object.fromEntries(snapshots);
  }

  #tell(change: BreakerChange): void {
    const { name, events } = this.#context;
    if (events.wants('breaker')) events.publish('breaker', { client: name, ...change });
    this.#onStateChange?.(change);
  }
}

/** The circuit breakers of a client, and of those of its origins that have others, as one. */
export class ScopedBreakers implements CircuitBreakers {
  readonly #ofClient: CircuitBreakers | undefined;
  readonly #ofOrigins: ReadonlyMap<string, CircuitBreakers | undefined>;

  /** @param ofOrigins undefined for an origin without, whatever the client has */
  constructor(ofClient: CircuitBreakers | undefined, ofOrigins: ReadonlyMap<string, CircuitBreakers | undefined>) {
    this.#ofClient = ofClient;
    this.#ofOrigins = ofOrigins;
  }

  state(origin: string) {
    return this.#find(origin)?.state(origin) ?? 'closed';
  }

  isolate(origin: string): void {
    this.#get(origin).isolate(origin);
  }

  close(origin: string): void {
    this.#get(origin).close(origin);
  }

  snapshot(): Record<string, BreakerSnapshot> {
    return Object.assign(
      {},
      this.#ofClient?.snapshot(),
      ...Array.from(this.#ofOrigins.values(), (of) => of?.snapshot()),
    );
  }

  #find(origin: string): CircuitBreakers | undefined {
    return this.#ofOrigins.has(origin) ? this.#ofOrigins.get(origin) : this.#ofClient;
  }

  #get(origin: string): CircuitBreakers {
    const breakers = this.#find(origin);
    if (!breakers) throw new Error(`calls to ${origin} have no circuit breaker; see resilience.breaker`);
    return breakers;
  }
}
