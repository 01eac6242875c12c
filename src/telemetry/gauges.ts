import type { BatchObservableResult, Meter, MeterProvider, ObservableUpDownCounter } from '@opentelemetry/api';
import type { BreakerSnapshot } from '../layers/breaker/breakers.js';
import type { ConcurrencySnapshot } from '../layers/concurrency/origin-limits.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { type HttpAttributes, peerAddressAttributes, serverAttributes } from './attributes.js';

export type ObservedPool = Pick<ConnectionPool, 'id' | 'stats'>;

/** By origin. */
export type ObservedBreakers = () => Readonly<Record<string, Pick<BreakerSnapshot, 'state'>>>;

/** By origin. */
export type ObservedLimits = () => Readonly<Record<string, Pick<ConcurrencySnapshot, 'limit'>>>;

/** What a client has for each origin. */
export interface ObservedClient {
  readonly breakers: ObservedBreakers;
  /** Its adaptive concurrency limits. */
  readonly limits: ObservedLimits;
}

/** What one app has to look at. Both grow as its clients are made. */
export interface ObservedApp {
  readonly pools: Iterable<ObservedPool>;
  readonly clients: Iterable<readonly [name: string, client: ObservedClient]>;
}

/** What is looked at whenever metrics are collected. */
export interface Gauges {
  readonly openConnections: ObservableUpDownCounter;
  readonly queuedRequests: ObservableUpDownCounter;
  readonly openBreakers: ObservableUpDownCounter;
  readonly addressRequests: ObservableUpDownCounter;
  readonly ejectedAddresses: ObservableUpDownCounter;
  readonly concurrencyLimits: ObservableUpDownCounter;
}

interface Reading {
  readonly gauge: ObservableUpDownCounter;
  readonly attributes: HttpAttributes;
  readonly value: number;
}

/** Gauge and attributes → what it says. */
type Readings = ReadonlyMap<string, Reading>;

/** Provider → each app that tells it of its sockets and breakers. */
const observed = new WeakMap<MeterProvider, Set<ObservedApp>>();

/**
 * Tells what gauges say whenever metrics are collected: of as many servers as the pools list. One callback does so for all apps of the process,
 * since of what is told twice with the same attributes only the second counts.
 * @param gauges made by this provider's meter
 * @returns ends it for this app: from then on, none of its sockets is open
 */
export function observeApp(provider: MeterProvider, meter: Meter, gauges: Gauges, app: ObservedApp): () => void {
  const apps = observed.get(provider) ?? new Set();
  if (!observed.has(provider)) {
    observed.set(provider, apps);
    meter.addBatchObservableCallback(tellingAll(apps, gauges), Object.values(gauges));
  }
  apps.add(app);
  return () => apps.delete(app);
}

function tellingAll(apps: Iterable<ObservedApp>, gauges: Gauges): (result: BatchObservableResult) => void {
  let told: Readings = new Map();
  return (result) => {
    const now = readings(apps, gauges);
    // What was told last is exported for ever: of what is not listed any more that must be 0.
    const gone = Array.from(told).filter(([key]) => !now.has(key));
    for (const [, { gauge, attributes }] of gone) result.observe(gauge, 0, attributes);
    for (const { gauge, attributes, value } of now.values()) result.observe(gauge, value, attributes);
    told = now;
  };
}

/** The sums of all apps. */
function readings(apps: Iterable<ObservedApp>, gauges: Gauges): Readings {
  const sums = new Map<string, Reading>();
  const add = (name: keyof Gauges, value: number, attributes: HttpAttributes): void => {
    const key = [name, ...Object.values(attributes)].join();
    sums.set(key, { gauge: gauges[name], attributes, value: (sums.get(key)?.value ?? 0) + value });
  };
  for (const { pools, clients } of apps) {
    for (const pool of pools) {
      for (const [origin, { active, idle, queued, addresses = {} }] of Object.entries(pool.stats().origins)) {
        const server = serverAttributes(origin);
        add('openConnections', active, { 'http.connection.state': 'active', ...server });
        add('openConnections', idle, { 'http.connection.state': 'idle', ...server });
        if (queued > 0) add('queuedRequests', queued, server);
        for (const [address, { inFlight, state }] of Object.entries(addresses)) {
          add('addressRequests', inFlight, { ...server, ...peerAddressAttributes(address) });
          if (state === 'ejected') add('ejectedAddresses', 1, server);
        }
      }
    }
    for (const [client, { breakers, limits }] of clients) {
      const of = (origin: string) => ({ 'nest_outbound.client': client, ...serverAttributes(origin) });
      for (const [origin, { state }] of Object.entries(breakers())) {
        if (state !== 'closed') add('openBreakers', 1, of(origin));
      }
      for (const [origin, { limit }] of Object.entries(limits())) add('concurrencyLimits', limit, of(origin));
    }
  }
  return sums;
}
