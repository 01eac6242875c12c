import type { AxiosInstance } from 'axios';
import type { ClientStack } from '../client/stack.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import type {
  HttpClientModuleOptions,
  HttpClientOptions,
  NamedHttpClientOptions,
} from '../options/http-client-options.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import type { ClientGate } from '../client/client-gate.js';
import type { ConnectionPool } from '../pool/connection-pool.js';

/** A client and the pool it uses. */
export interface RegisteredClient {
  readonly instance: AxiosInstance;
  readonly pool: ConnectionPool;
  readonly stack: ClientStack;
  readonly options: ResolvedClientOptions;
  /** Classes that call by it. */
  readonly apis: NonNullable<NamedHttpClientOptions['apis']>;
  /** Who set its options, the nearest to the call first. */
  readonly sources: readonly OptionsSource[];
}

export interface OptionsSource {
  readonly from: string;
  readonly options: HttpClientOptions;
}

/** Where a client that can be closed before the app has its calls admitted. */
export interface ClientGates {
  readonly calls: ClientGate;
  /** Its requests for tokens: calls in flight may need one, and without any nobody does. */
  readonly tokens: ClientGate;
}

/** A client that can be closed before the app. */
export interface RuntimeClient extends RegisteredClient {
  readonly gates: ClientGates;
}

/** What a named client takes from the module where it says nothing itself: all that belongs to no single API. axios has options for none of it. */
export const INHERITED = [
  'timeouts',
  'limits',
  'redirects',
  'engine',
  'http2',
  'resilience',
  'cache',
  'origins',
  'pool',
  'tls',
  'guard',
  'redact',
  'telemetry',
] as const satisfies readonly (keyof HttpClientOptions)[];

/** Who sets the options of a named client. */
export function sourcesOf(name: string, options: HttpClientOptions, module: HttpClientModuleOptions): OptionsSource[] {
  return [
    { from: `client ${JSON.stringify(name)}`, options },
    { from: 'module', options: Object.fromEntries(INHERITED.map((inherited) => [inherited, module[inherited]])) },
  ];
}

/** undefined for a client without a base URL. */
export function baseOriginOf({ baseURL }: ResolvedClientOptions): string | undefined {
  return baseURL === undefined ? undefined : new URL(baseURL).origin;
}

export function nameTaken(name: string): InvalidOptionsError {
  return new InvalidOptionsError(`HttpClientModule.forFeature(${JSON.stringify(name)})`, [
    'name: expected one that no other client has. To use a client in several modules, keep what forFeature returns in a ' +
      'constant and import that',
  ]);
}
