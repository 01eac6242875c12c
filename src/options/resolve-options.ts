import { ownOptions } from '../base/prototype-pollution.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import type { RedactOptions } from '../redaction/rules.js';
import type { AddressSettings } from './address-options.js';
import type { AuthOptions } from './auth-options.js';
import { combinationProblems } from './combinations.js';
import { AXIOS_DEFAULTS, DEFAULT_CLIENT_NAME, DEFAULTS } from './defaults.js';
import type {
  AxiosPassthroughOptions,
  HttpClientModuleOptions,
  NamedHttpClientOptions,
  RuntimeHttpClientOptions,
  TransportOptions,
} from './http-client-options.js';
import { findProblems } from './problems.js';
import { defined, resolveClient } from './resolve-client.js';
import { type CacheChoice, NO_CACHE } from './resolve-cache.js';
import { NO_RESILIENCE, type ResolvedResilience } from './resolve-resilience.js';
import {
  type GuardSettings,
  type InboundSettings,
  type LoggingSettings,
  resolveGuard,
  resolveInbound,
  resolveLogging,
  type TlsSettings,
  TELEMETRY_DEFAULTS,
  type TelemetrySettings,
} from './resolve-sections.js';
import { moduleOptionsSchema, namedClientSchema, runtimeClientSchema, transportSchema } from './schema.js';
import type { SharedState } from './shared-state.js';
import type { EngineName, Http2Option, LimitOptions, RedirectOptions, TimeoutOptions } from './transport-options.js';

export interface ResolvedPoolOptions {
  readonly maxSockets: number;
  readonly maxTotalSockets: number | false;
  readonly maxQueued: number;
  readonly maxFreeSockets: number;
  readonly idleMs: number;
  readonly maxAgeMs: number | false;
  readonly scheduling: 'lifo' | 'fifo';
}

/** What may differ from one origin to another. */
export interface OriginSettings extends CacheChoice {
  readonly timeouts: Readonly<Required<TimeoutOptions>>;
  readonly limits: Readonly<Required<LimitOptions>>;
  readonly redirects: Readonly<Required<RedirectOptions>>;
  readonly engine: EngineName;
  readonly http2: Http2Option;
  readonly resilience: ResolvedResilience;
}

/** What an origin has that differs: all of these, and how its calls are spread. */
export interface DifferingOrigin extends OriginSettings {
  readonly pool: Pick<ResolvedPoolOptions, 'scheduling'>;
  readonly addresses: AddressSettings | false;
}

/** What a transport needs to know: also what a named client takes over from the module where it sets nothing itself. */
export interface TransportSettings extends OriginSettings {
  readonly origins: Readonly<Record<string, DifferingOrigin>>;
  readonly pool: ResolvedPoolOptions;
  readonly tls: TlsSettings;
  readonly guard: GuardSettings | false;
  readonly redact: Readonly<Required<RedactOptions>>;
  readonly telemetry: TelemetrySettings | false;
}

/** Every option of one client, with nothing left to default. Frozen. */
export interface ResolvedClientOptions extends TransportSettings {
  readonly name: string;
  readonly baseURL: string | undefined;
  /** Only with a base URL. */
  readonly confine: 'origin' | 'path' | false;
  readonly auth: Readonly<AuthOptions> | undefined;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
  readonly axios: Readonly<AxiosPassthroughOptions>;
  /** Whether socket or TLS options, or a guard, of its own keep the client from sharing the module's pool. */
  readonly ownsPool: boolean;
  /** What the replicas of the app share: the module's. */
  readonly shared: SharedState | undefined;
}

export interface ResolvedTransportOptions extends TransportSettings {
  readonly shutdown: { readonly drainMs: number };
}

export interface ResolvedModuleOptions {
  readonly client: ResolvedClientOptions;
  readonly shutdown: { readonly drainMs: number };
  readonly inbound: InboundSettings | false;
  readonly logging: LoggingSettings;
  readonly adopt: boolean;
  readonly maxRuntimeClients: number;
}

/**
 * Checks the options of `forRoot` and fills in the defaults.
 * @throws InvalidOptionsError that lists every problem, not only the first
 */
export function resolveModuleOptions(given: HttpClientModuleOptions): ResolvedModuleOptions {
  const options = ownOptions(given);
  const problems = findProblems(moduleOptionsSchema, options);
  const client = resolveClient(
    DEFAULT_CLIENT_NAME,
    options,
    { ...DEFAULTS, ...NOTHING_MORE, telemetry: TELEMETRY_DEFAULTS, shared: options?.shared },
    true,
  );
  refuse('HttpClientModule.forRoot', [...problems, ...combinationProblems(client, options)]);
  return Object.freeze({
    client,
    shutdown: Object.freeze({ ...DEFAULTS.shutdown, ...defined(options.shutdown) }),
    inbound: resolveInbound(options.inbound),
    logging: resolveLogging(options.logging),
    adopt: options.adopt ?? false,
    maxRuntimeClients: options.maxRuntimeClients ?? DEFAULTS.maxRuntimeClients,
  });
}

/**
 * Checks the options of `createTransport` and fills in its defaults, which are axios's.
 * @throws InvalidOptionsError that lists every problem, not only the first
 */
export function resolveTransportOptions(given: TransportOptions): ResolvedTransportOptions {
  const options = ownOptions(given);
  const problems = findProblems(transportSchema, options);
  // No client: it has no name, and the `timeout` that calls bring is not known to be their own.
  const { name: _, ...settings } = resolveClient(
    DEFAULT_CLIENT_NAME,
    options,
    { ...DEFAULTS, ...AXIOS_DEFAULTS, ...NOTHING_MORE },
    true,
  );
  refuse('createTransport', [...problems, ...combinationProblems(settings, options)]);
  return Object.freeze({
    ...settings,
    shutdown: Object.freeze({ ...DEFAULTS.shutdown, ...defined(options.shutdown) }),
  });
}

/**
 * Checks the options of a named client by themselves.
 * @throws InvalidOptionsError that lists every problem, not only the first
 */
export function checkNamedOptions(given: NamedHttpClientOptions): void {
  const options = ownOptions(given);
  refuse(nameOfCall(options), findProblems(namedClientSchema, options));
}

/**
 * Checks the options of a named client and fills in what it leaves out from the module's own client.
 * @throws InvalidOptionsError that lists every problem, not only the first
 */
export function resolveNamedOptions(given: NamedHttpClientOptions, root: ResolvedClientOptions): ResolvedClientOptions {
  return resolveNamed(given, root, findProblems(namedClientSchema, ownOptions(given)), nameOfCall(given));
}

/**
 * Checks the options of a client that is made at run time, and fills in what it leaves out from the module's own client.
 * @param further problems that are found elsewhere
 * @throws InvalidOptionsError that lists every problem, not only the first
 */
export function resolveRuntimeOptions(
  given: RuntimeHttpClientOptions,
  root: ResolvedClientOptions,
  further: readonly string[],
): ResolvedClientOptions {
  const problems = [...findProblems(runtimeClientSchema, ownOptions(given)), ...further];
  return resolveNamed(given, root, problems, `HttpClients.create(${JSON.stringify(given?.name)})`);
}

function resolveNamed(
  given: Omit<NamedHttpClientOptions, 'interceptors'>,
  root: ResolvedClientOptions,
  problems: readonly string[],
  source: string,
): ResolvedClientOptions {
  const options = ownOptions(given ?? {}); // the problem is found
  const ownsSockets = options.pool !== undefined || options.tls !== undefined;
  const ownsPool = ownsSockets || resolveGuard(options.guard, root.guard) !== root.guard;
  const client = resolveClient(options.name, options, root, ownsPool);
  refuse(source, [...problems, ...combinationProblems(client, options)]);
  return client;
}

const NOTHING_MORE = {
  resilience: NO_RESILIENCE,
  ...NO_CACHE,
  origins: Object.freeze({}),
  guard: false,
  telemetry: false,
  shared: undefined,
} as const;

/** What a client was made with, for errors: by its name; undefined: a transport by itself. */
export function sourceOfOptions(name: string | undefined): string {
  if (name === undefined) return 'createTransport';
  return name === DEFAULT_CLIENT_NAME ? 'HttpClientModule.forRoot' : nameOfCall({ name });
}

const nameOfCall = (options: NamedHttpClientOptions | undefined) =>
  `HttpClientModule.forFeature(${JSON.stringify(options?.name)})`;

function refuse(source: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidOptionsError(source, problems);
}
