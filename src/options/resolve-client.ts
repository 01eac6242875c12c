import { totalThatLeaves } from '../base/slots.js';
import { withoutPrototype } from '../base/prototype-pollution.js';
import type { RedactOptions } from '../redaction/rules.js';
import { resolveAddresses } from './address-options.js';
import type { HttpClientOptions, OriginOptions } from './http-client-options.js';
import { resolveCache } from './resolve-cache.js';
import { resolveResilience } from './resolve-resilience.js';
import { resolveGuard, resolveTls, resolveTelemetry } from './resolve-sections.js';
import type { PoolOptions } from './transport-options.js';
import type {
  DifferingOrigin,
  OriginSettings,
  ResolvedClientOptions,
  ResolvedPoolOptions,
  TransportSettings,
} from './resolve-options.js';

/**
 * Fills in what a client leaves out. Its options may be wrong: they are checked, and refused, elsewhere.
 * @param inherited what it takes over
 */
export function resolveClient(
  name: string,
  options: HttpClientOptions | undefined,
  inherited: TransportSettings & Pick<ResolvedClientOptions, 'shared'>,
  ownsPool: boolean,
): ResolvedClientOptions {
  const pool = resolvePool(defined(options?.pool), inherited.pool);
  const settings = resolveSettings(options, inherited);
  return Object.freeze({
    name,
    baseURL: options?.baseURL,
    confine: options?.confine ?? (options?.baseURL === undefined ? false : 'origin'),
    guard: resolveGuard(options?.guard, inherited.guard),
    auth: options?.auth,
    headers: Object.freeze({ ...options?.headers }),
    axios: Object.freeze({ ...options?.axios }),
    ...settings,
    origins: resolveOrigins(options?.origins, inherited, { ...settings, pool }),
    pool,
    tls: resolveTls(defined(options?.tls), inherited.tls),
    redact: resolveRedact(options, inherited.redact),
    telemetry: resolveTelemetry(options?.telemetry, inherited.telemetry),
    ownsPool,
    shared: inherited.shared,
  });
}

function resolveSettings(
  options: Omit<OriginOptions, 'pool' | 'addresses'> | undefined,
  inherited: OriginSettings,
): OriginSettings {
  return Object.freeze({
    timeouts: Object.freeze({ ...inherited.timeouts, ...defined(options?.timeouts) }),
    limits: Object.freeze({ ...inherited.limits, ...defined(options?.limits) }),
    redirects: Object.freeze({ ...inherited.redirects, ...defined(options?.redirects) }),
    engine: options?.engine ?? inherited.engine,
    http2: options?.http2 ?? inherited.http2,
    resilience: resolveResilience(options?.resilience, inherited.resilience),
    ...resolveCache(options?.cache, inherited),
  });
}

/** An origin that the client says nothing about is as the module has it; one that it does is the client's own business. */
function resolveOrigins(
  given: HttpClientOptions['origins'] | undefined,
  inherited: TransportSettings,
  client: Omit<DifferingOrigin, 'addresses'>,
): Readonly<Record<string, DifferingOrigin>> {
  const own = Object.entries(given ?? {}).map(([origin, options]) => [origin, resolveOrigin(options, client)] as const);
  return Object.freeze({ ...inherited.origins, ...Object.fromEntries(own) });
}

function resolveOrigin(
  options: OriginOptions | undefined,
  client: Omit<DifferingOrigin, 'addresses'>,
): DifferingOrigin {
  return Object.freeze({
    ...resolveSettings(options, client),
    pool: Object.freeze({ scheduling: options?.pool?.scheduling ?? client.pool.scheduling }),
    addresses: resolveAddresses(options?.addresses),
  });
}

/** What the module holds to be a secret is one for every client. */
function resolveRedact(
  options: Pick<HttpClientOptions, 'redact' | 'auth'> | undefined,
  inherited: TransportSettings['redact'],
) {
  const given: RedactOptions | undefined = options?.redact;
  const ofAuth = [options?.auth?.apiKey?.header ?? []].flat();
  return Object.freeze({
    headers: Object.freeze([...inherited.headers, ...(given?.headers ?? []), ...ofAuth]),
    query: Object.freeze([...inherited.query, ...(given?.query ?? [])]),
  });
}

function resolvePool(given: PoolOptions, inherited: ResolvedPoolOptions): ResolvedPoolOptions {
  const maxFreeSockets = given.maxSockets ?? inherited.maxFreeSockets;
  const maxTotalSockets =
    inherited.maxTotalSockets && Math.max(inherited.maxTotalSockets, totalThatLeaves(given.maxSockets ?? 0));
  return Object.freeze({ ...inherited, maxFreeSockets, maxTotalSockets, ...given });
}

/** An option set to `undefined` is one left out. */
export function defined<T extends object>(group: T | undefined): T {
  return withoutPrototype(
    Object.fromEntries(Object.entries(group ?? {}).filter(([, value]) => value !== undefined)),
  ) as T;
}
