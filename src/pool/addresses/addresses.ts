import dns from 'node:dns';
import type { Clock } from '../../base/clock.js';
import type { EventSink } from '../../call/event-sink.js';
import type { AddressGuard, ResolveHost } from '../../guard/address-guard.js';
import type { AddressSettings } from '../../options/address-options.js';
import type { Address } from './address.js';
import { OriginAddresses } from './origin-addresses.js';

/** One of the addresses of an origin. `requests` and `failures` count since it was found. */
export interface AddressStats {
  /** `active`: it gets requests. `ejected`: it gets none, or one at a time as a probe, because it fails. */
  readonly state: 'active' | 'ejected';
  /** Requests on it now. */
  readonly inFlight: number;
  /** Requests so far. */
  readonly requests: number;
  /** Requests that have failed: no connection, a reset, a timeout, a status from 500 on. */
  readonly failures: number;
  /** How many times slower than the others it answers; 1: less than three times, or not known. The slower, the fewer requests it gets. */
  readonly slowness: number;
}

export interface AddressesContext {
  /** The id of the pool. */
  readonly pool: string;
  readonly guard: AddressGuard | undefined;
  /** @default `dns.lookup` */
  readonly resolveHost: ResolveHost | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventSink;
  /** No new request is for this address. */
  readonly removed: (address: Address) => void;
}

/** Origins whose addresses are kept; beyond it, those that were asked for first are forgotten. */
const MAX_ORIGINS = 1_000;

const lookupBySystem: ResolveHost = (host, options, callback) => dns.lookup(host, options, callback);

/** The addresses that a pool knows, by origin. */
export class Addresses {
  readonly #context: AddressesContext;
  /** Clients that want the same share them. */
  readonly #byWish = new Map<string, OriginAddresses>();
  readonly #bySettings = new WeakMap<AddressSettings, OriginAddresses>();

  constructor(context: AddressesContext) {
    this.#context = context;
  }

  /** @param settings of this origin: no other has the same object */
  of(origin: string, settings: AddressSettings): OriginAddresses {
    let known = this.#bySettings.get(settings);
    if (!known) {
      known = this.#shared(origin, settings);
      this.#bySettings.set(settings, known);
    }
    return known;
  }

  /** Name → address, of those of an origin; undefined: it has none to choose from. */
  statsOf(origin: string): Record<string, AddressStats> | undefined {
    let stats: Record<string, AddressStats> | undefined;
    for (const { set } of this.#byWish.values()) {
      if (set.origin !== origin) continue;
      stats ??= {};
      for (const address of set.all) stats[address.name] = sumOf(stats[address.name], address);
    }
    return stats;
  }

  /** Origins whose addresses are known. */
  get origins(): ReadonlySet<string> {
    return new Set(Array.from(this.#byWish.values(), ({ set }) => set.origin));
  }

  #shared(origin: string, settings: AddressSettings): OriginAddresses {
    const wish = `${origin} ${wishOf(settings)}`;
    let shared = this.#byWish.get(wish);
    if (shared) return shared;
    const { pool, guard, resolveHost = lookupBySystem, clock, random, events, removed } = this.#context;
    shared = new OriginAddresses(settings, {
      origin,
      guard,
      resolveHost,
      clock,
      random,
      changed: (address, change, cause) => {
        if (change === 'removed') removed(address);
        if (!events.wants('address')) return;
        const { ejectedUntil } = address.health;
        const ejectedMs = change === 'ejected' ? ejectedUntil! - clock.now() : undefined;
        events.publish('address', { pool, origin, address: address.name, change, cause, ejectedMs });
      },
    });
    this.#byWish.set(wish, shared);
    if (this.#byWish.size > MAX_ORIGINS) this.#byWish.delete(this.#byWish.keys().next().value!);
    return shared;
  }
}

function sumOf(
  stats: AddressStats | undefined,
  { health, inFlight, requests, failed, slowness }: Address,
): AddressStats {
  return {
    state: health.ejectedUntil === undefined ? 'active' : 'ejected',
    inFlight: inFlight + (stats?.inFlight ?? 0),
    requests: requests + (stats?.requests ?? 0),
    failures: failed + (stats?.failures ?? 0),
    slowness: Math.max(slowness, stats?.slowness ?? 1),
  };
}

const functions = new WeakMap<object, number>();
let functionCount = 0;

function wishOf({ list, resolve, resolveMs, ejection }: AddressSettings): string {
  if (resolve && !functions.has(resolve)) functions.set(resolve, ++functionCount);
  return JSON.stringify([list, resolve && functions.get(resolve), resolveMs, ejection]);
}
