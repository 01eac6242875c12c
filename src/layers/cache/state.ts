import { originOf } from '../../call/call.js';
import type { EventSink } from '../../call/event-sink.js';
import type { Flight } from './flight.js';
import { type MemoryLimits, MemoryStore } from './memory-store.js';
import { ParsedBodies } from './parsed-bodies.js';
import { isCondemned, type Purge, type ResponseStore } from './store.js';
import type { StoredResponse } from './stored.js';

/** A response that is on its way into the store. */
export interface Fill {
  readonly url: string;
  /** What it may be used for was deleted meanwhile: it must not be stored. */
  isVoid: boolean;
}

/** How long calls do not wait for one another where a response could not be stored, in milliseconds. */
const PASS_MS = 10_000;
const MAX_PASSES = 1_000;

/** What was asked of a cache, and how often it could answer. */
export interface CacheCounts {
  hits: number;
  misses: number;
  stale: number;
  revalidated: number;
  stored: number;
  evicted: number;
}

/** What the calls of a client share besides the responses. */
export class CacheState {
  readonly store: ResponseStore;
  readonly memory: MemoryStore;
  readonly counts: CacheCounts = { hits: 0, misses: 0, stale: 0, revalidated: 0, stored: 0, evicted: 0 };
  readonly flights = new Map<string, Flight>();
  /** Of the responses in memory. Those of a shared store are others each time that they are read. */
  readonly parsed: ParsedBodies | undefined;
  readonly #fills = new Set<Fill>();
  /** What is asked → until when it passes without waiting, on the client's clock. */
  readonly #passes = new Map<string, number>();

  /** @param shared where replicas share the responses; undefined: they are in memory */
  constructor(
    limits: MemoryLimits,
    { client, events }: { readonly client: string; readonly events: EventSink },
    shared?: ResponseStore,
  ) {
    this.memory = new MemoryStore(limits, (url, responses, bytes, reason) => {
      this.counts.evicted += responses.length;
      if (!events.wants('cache:evicted')) return;
      events.publish('cache:evicted', { client, origin: originOf({ url }), bytes, reason });
    });
    this.store = shared ?? this.memory;
    this.parsed = shared ? undefined : new ParsedBodies();
  }

  begin(url: string): Fill {
    const fill: Fill = { url, isVoid: false };
    this.#fills.add(fill);
    return fill;
  }

  end(fill: Fill): void {
    this.#fills.delete(fill);
  }

  /** Forgets what is stored for a URL, and what is on its way: later calls do not wait for it. */
  forget(url: string, reason: 'invalidated' | 'deleted'): void | Promise<void> {
    this.doubt(url);
    return this.store.delete(url, reason);
  }

  /** It may have changed: what is stored stays, but what is on its way is not stored, and later calls do not wait for it. */
  doubt(url: string): void {
    this.#void((one) => one === url);
  }

  /** The tags of what is on its way are not known: it is not stored, to be safe. */
  purge(purge: Purge): void | Promise<void> {
    this.parsed?.clear();
    this.#void((url) => purge.kind === 'tag' || isCondemned(purge, { url, tags: [] }));
    return this.store.purge(purge);
  }

  #void(isMeant: (url: string) => boolean): void {
    for (const fill of this.#fills) fill.isVoid ||= isMeant(fill.url);
    for (const key of this.flights.keys()) if (isMeant(urlOfFlight(key))) this.flights.delete(key);
  }

  /** Notes that the response to this could not be stored: calls do not wait for one another. */
  pass(asked: string, nowMs: number): void {
    this.#passes.delete(asked);
    if (this.#passes.size === MAX_PASSES) this.#passes.delete(this.#passes.keys().next().value!);
    this.#passes.set(asked, nowMs + PASS_MS);
  }

  stopPassing(asked: string): void {
    this.#passes.delete(asked);
  }

  passes(asked: string, nowMs: number): boolean {
    const until = this.#passes.get(asked);
    return until !== undefined && nowMs < until;
  }
}

/** What is asked for: calls for which it is the same may wait for one another. */
export function flightKey(
  { url, apart, audience, isHead }: { url: string; apart: string; audience: string; isHead: boolean },
  known: readonly StoredResponse[] | undefined,
  valueOf: (name: string) => unknown,
): string {
  // What else selects a response is known where there is one.
  const selectors = known?.[0]?.selectors.map(([name]) => `${name}:${String(valueOf(name))}`).join('\n') ?? '';
  return `${isHead ? 'HEAD' : 'GET'} ${url}\n${audience}\n${apart}\n${selectors}`;
}

const urlOfFlight = (key: string): string => key.slice(key.indexOf(' ') + 1, key.indexOf('\n'));
