import type { BreakerSnapshot, CircuitBreakers } from './circuit-breakers.js';

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
