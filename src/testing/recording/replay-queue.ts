import { REDACTED } from '../../redaction/rules.js';
import { literally } from '../reg-exp.js';
import { keyOf, type RecordedExchange, type RecordedRequest } from './fixture.js';

interface Entry {
  readonly exchange: RecordedExchange;
  readonly key: string;
  /** What is like it but for secrets, which another run may have others of, or what stands for them in responses that were replayed before. */
  readonly pattern: RegExp | undefined;
  used: boolean;
}

/** What is found for a request: the exchange, or how often it was recorded where all of those are used. */
export type Found = { readonly exchange: RecordedExchange } | { readonly times: number } | undefined;

/** The exchanges of a fixture, each for one request, equal ones in the order in which they were recorded. */
export class ReplayQueue {
  readonly #entries: readonly Entry[];

  constructor(
    readonly exchanges: readonly RecordedExchange[],
    private readonly allowRepeats: boolean,
  ) {
    this.#entries = exchanges.map((exchange) => {
      const key = keyOf(exchange.request);
      return { exchange, key, pattern: patternOf(key), used: false };
    });
  }

  take(request: RecordedRequest): Found {
    const key = keyOf(request);
    const equal = this.#entries.filter((entry) => entry.key === key);
    const alike = equal.length > 0 ? equal : this.#entries.filter(({ pattern }) => pattern?.test(key));
    const next = alike.find(({ used }) => !used) ?? (this.allowRepeats ? alike.at(-1) : undefined);
    if (!next) return alike.length > 0 ? { times: alike.length } : undefined;
    next.used = true;
    return { exchange: next.exchange };
  }

  /** What nobody has asked for. */
  get unused(): readonly RecordedExchange[] {
    return this.#entries.filter(({ used }) => !used).map(({ exchange }) => exchange);
  }
}

function patternOf(key: string): RegExp | undefined {
  if (!key.includes(REDACTED)) return undefined;
  const parts = key.split(REDACTED).map(literally);
  return new RegExp(`^${parts.join('[^"&?/\\s]*')}$`);
}
