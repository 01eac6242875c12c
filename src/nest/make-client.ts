import { authLayer } from '../client/auth.js';
import { createHttpClient, type HttpClientInterceptor } from '../client/create-client.js';
import type { ResolvedPlatform } from '../client/platform.js';
import { ClientStack, type StackContext, stackContext } from '../client/stack.js';
import type { HttpClientEvents } from '../call/event-sink.js';
import type { PlacedLayer } from '../layers/order.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import type { OpenSharedState } from '../options/shared-state.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Admission } from '../pool/in-flight.js';
import { redactionRules } from '../redaction/rules.js';
import type { ClientTelemetry } from '../telemetry/client-telemetry.js';
import type { ClientGates, RegisteredClient } from './registered-client.js';

/** What all clients of an app have in common. */
export interface AppContext {
  readonly platform: ResolvedPlatform;
  readonly events: HttpClientEvents;
  readonly telemetry: ClientTelemetry;
  readonly inbound: InboundSettings | false;
  /** What the replicas of the app share; undefined: nothing. */
  readonly shared: OpenSharedState | undefined;
}

/** What a client is made of besides its options. */
export interface ClientParts extends Pick<RegisteredClient, 'sources'> {
  readonly interceptors: readonly HttpClientInterceptor[];
  readonly layers: readonly PlacedLayer[];
  readonly apis?: RegisteredClient['apis'] | undefined;
  /** undefined: it is closed with the app. */
  readonly gates?: ClientGates;
}

/**
 * A client of an app, and the one that requests its tokens.
 * @throws InvalidOptionsError for a layer that makes no handler
 */
export function makeClient(
  options: ResolvedClientOptions,
  pool: ConnectionPool,
  { sources, interceptors, layers, apis = [], gates }: ClientParts,
  app: AppContext,
): RegisteredClient {
  const { platform, events, shared } = app;
  const auth = authLayer(options, {
    clock: platform.clock,
    now: platform.now,
    closing: pool.closing,
    events,
    shared,
    tokenClient: (own) => createHttpClient(own, stackOf(own, pool, { gate: gates?.tokens }, app), []),
  });
  const stack = stackOf(options, pool, { auth, placed: layers, gate: gates?.calls }, app);
  const instance = createHttpClient(options, stack, interceptors);
  return { instance, pool, stack, options, apis, sources };
}

function stackOf(
  options: ResolvedClientOptions,
  pool: ConnectionPool,
  { gate = pool, ...own }: { readonly gate: Admission | undefined } & Partial<Pick<StackContext, 'auth' | 'placed'>>,
  { telemetry, ...app }: AppContext,
): ClientStack {
  const layer = telemetry.layerFor({
    name: options.name,
    settings: options.telemetry,
    pool,
    breakers: () => stack.breakers.snapshot(),
    limits: () => stack.concurrency.snapshot(),
    rules: redactionRules(options.redact),
  });
  const stack: ClientStack = new ClientStack(options, stackContext(pool, { ...app, ...own, gate, telemetry: layer }));
  return stack;
}
