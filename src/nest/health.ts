import { isAxiosError } from 'axios';
import { nextTurn } from '../base/turns.js';
import type { BreakerSnapshot } from '../layers/breaker/breakers.js';
import { DEFAULT_CLIENT_NAME } from '../options/defaults.js';
import { findProblems } from '../options/problems.js';
import { group, milliseconds } from '../options/schema-parts.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { PoolState } from '../pool/in-flight.js';
import type { HttpClientRegistry } from './registry.js';

/**
 * What an indicator of `@nestjs/terminus` 11 or 12 returns: key → `up` or `down`, and why. Only the shape is used, so apps without terminus
 * need not install it.
 */
export type HealthResult<Details extends object> = Record<
  string,
  {
    /** Whether the check passed. */
    status: 'up' | 'down';
  } & Details
>;

/** The health of one pool. */
export interface PoolHealth {
  /** The names of the clients that use it. */
  readonly clients: readonly string[];
  /** Whether it is open, draining or closed. */
  readonly state: PoolState;
  /** Admitted calls whose response body has not ended. */
  readonly inFlight: number;
  /** Sockets in use. */
  readonly active: number;
  /** Open sockets without a request. */
  readonly idle: number;
  /** Calls that wait for a socket. */
  readonly queued: number;
  /** Origins with too many waiting calls; with `maxQueued: 0`, origins without a free socket. */
  readonly saturated: readonly string[];
}

export interface PoolsCheckOptions {
  /**
   * Share of the queue for one origin (`pool.maxQueued`) at which its pool counts as saturated: above 0, at most 1. With `maxQueued: 0` it is
   * saturated when all sockets of an origin are in use.
   * @default 0.5: calls are late, and twice as many would be refused
   */
  queuedShare?: number;
}

export interface BreakersCheckOptions {
  /**
   * The clients whose circuit breakers count.
   * @default all
   */
  clients?: readonly string[];
}

export interface ProbeOptions {
  /** The URL for a GET: absolute, or relative to the client's `baseURL`. */
  url: string;
  /**
   * The name of the client.
   * @default 'default'
   */
  client?: string;
  /**
   * Time limit for the response.
   * @default 1_000 milliseconds (the default timeout of a Kubernetes probe)
   */
  timeoutMs?: number;
  /**
   * Statuses that mean the upstream works.
   * @default 200 to 299
   */
  isUp?: (status: number) => boolean;
}

/** What a probe saw: a status, or an error. */
export type ProbeHealth = {
  /** From the request to the response or the error, in milliseconds. */
  readonly durationMs: number;
} & (
  | {
      /** The status of the response. */
      readonly httpStatus: number;
    }
  | {
      /** The code of the error, such as `ERR_RESPONSE_TIMEOUT`. Not the message, which may name what strangers must not know. */
      readonly error: string;
    }
);

const probeSchema = group({ timeoutMs: milliseconds });

const isSuccess = (status: number) => status >= 200 && status < 300;

/**
 * The health of the app's outbound half, for `@nestjs/terminus`. Injectable wherever `HttpClientModule.forRoot` is imported.
 *
 * Use `ready` in the readiness probe. The others report the health of upstreams, which a restart does not heal: keep them out of the liveness
 * probe. See docs/health.md.
 */
export class HttpClientHealthIndicator {
  /** Not `#registry`: Nest copies the properties of instances that it makes in a circle of forwardRefs, and proxies have no private names. */
  private readonly registry: HttpClientRegistry;

  /** @internal */
  constructor(registry: HttpClientRegistry) {
    this.registry = registry;
  }

  /** Down as soon as the app begins to shut down. */
  ready(key = 'outbound'): HealthResult<{
    /** Pool id → its state. */
    readonly pools: Readonly<Record<string, PoolState>>;
  }> {
    const pools = [...poolsOf(this.registry).keys()];
    const isOpen = pools.every(({ state }) => state === 'open');
    return result(key, isOpen, { pools: Object.fromEntries(pools.map(({ id, state }) => [id, state])) });
  }

  /**
   * Down while too many calls wait for a socket of some origin (`queuedShare`).
   * @throws RangeError if `queuedShare` is out of range
   */
  pools(
    key = 'outbound-pools',
    { queuedShare = 0.5 }: PoolsCheckOptions = {},
  ): HealthResult<{
    /** Pool id → its health. */
    readonly pools: Readonly<Record<string, PoolHealth>>;
  }> {
    if (!(queuedShare > 0 && queuedShare <= 1)) {
      throw new RangeError(`queuedShare: expected a number above 0, at most 1, got ${queuedShare}`);
    }
    const pools = Array.from(
      poolsOf(this.registry),
      ([pool, clients]) => [pool.id, poolHealth(pool, clients, queuedShare)] as const,
    );
    const isUp = pools.every(([, { saturated }]) => saturated.length === 0);
    return result(key, isUp, { pools: Object.fromEntries(pools) });
  }

  /**
   * Down while a circuit breaker is open, also one that was opened by hand. A half-open breaker counts as up.
   * @throws RangeError for a name that no client has
   */
  breakers(
    key = 'outbound-breakers',
    { clients = this.registry.names }: BreakersCheckOptions = {},
  ): HealthResult<{
    /** Client → origins whose circuit breaker is open. */
    readonly open: Readonly<Record<string, readonly string[]>>;
  }> {
    const open = clients
      .map((name) => [name, openOrigins(this.registry.get(name).stack.breakers.snapshot())] as const)
      .filter(([, origins]) => origins.length > 0);
    return result(key, open.length === 0, { open: Object.fromEntries(open) });
  }

  /**
   * Down while replicas cannot share state (`redisShared`): each keeps to its share of a limit then, and calls go on.
   * @throws RangeError for an app without the option `shared`
   */
  shared(key = 'outbound-shared'): HealthResult<{
    /** Replicas that share a limit, as far as this one knows. */
    readonly replicas: number;
  }> {
    const { shared } = this.registry;
    if (!shared) throw new RangeError('the app has no shared state: set the option shared of HttpClientModule.forRoot');
    return result(key, shared.state === 'available', { replicas: shared.replicas });
  }

  /**
   * Calls an upstream through the client and its layers, so an open breaker or a full pool is down, too. The call is not retried and not shared.
   * @throws RangeError for an unknown client or a `timeoutMs` that is out of range
   */
  async probe(
    key: string,
    { url, client = DEFAULT_CLIENT_NAME, timeoutMs = 1_000, isUp = isSuccess }: ProbeOptions,
  ): Promise<HealthResult<ProbeHealth>> {
    const [problem] = findProblems(probeSchema, { timeoutMs }); // the upstream is not down for that
    if (problem !== undefined) throw new RangeError(problem);
    if (!this.registry.names.includes(client)) await nextTurn(); // as for any call that is refused
    const { instance } = this.registry.get(client);
    const { clock } = this.registry;
    const startedAt = clock.now();
    const durationMs = () => Math.round(clock.now() - startedAt);
    const once = { retry: false, hedge: false, coalesce: false, deadlineMs: timeoutMs } as const;
    try {
      const { status } = await instance.get<unknown>(url, {
        resilience: once,
        cache: false,
        timeout: timeoutMs,
        responseType: 'text',
        validateStatus: () => true,
      });
      return result(key, isUp(status), { httpStatus: status, durationMs: durationMs() });
    } catch (error) {
      return result(key, false, { error: codeOf(error), durationMs: durationMs() });
    }
  }
}

/** Pool → the names of its clients. */
function poolsOf(registry: HttpClientRegistry): ReadonlyMap<ConnectionPool, readonly string[]> {
  const pools = new Map<ConnectionPool, string[]>();
  for (const name of registry.names) {
    const { pool } = registry.get(name);
    pools.set(pool, [...(pools.get(pool) ?? []), name]);
  }
  return pools;
}

function result<Details extends object>(key: string, isUp: boolean, details: Details): HealthResult<Details> {
  return { [key]: { status: isUp ? 'up' : 'down', ...details } };
}

function poolHealth(pool: ConnectionPool, clients: readonly string[], queuedShare: number): PoolHealth {
  const { state, inFlight, total, origins } = pool.stats();
  const limit = Math.max(1, pool.maxQueued * queuedShare);
  const isSaturated = (origin: string, queued: number) =>
    pool.maxQueued === 0 ? pool.slots.isFull(origin) : queued >= limit;
  const saturated = Object.entries(origins).filter(([origin, { queued }]) => isSaturated(origin, queued));
  const { active, idle, queued } = total;
  return { clients, state, inFlight, active, idle, queued, saturated: saturated.map(([origin]) => origin) };
}

function openOrigins(breakers: Readonly<Record<string, BreakerSnapshot>>): string[] {
  return Object.keys(breakers).filter((origin) => breakers[origin]!.state === 'open');
}

function codeOf(error: unknown): string {
  return (isAxiosError(error) && error.code) || 'ERR_UNKNOWN';
}
